"""How many events match: counted, or as the planner guesses without counting."""

from datetime import datetime

from psycopg import Connection
from psycopg.sql import SQL

from service.store.condition import Condition
from service.store.events.ordering import matching


def count_events(conn: Connection, condition: Condition, as_of: datetime | None = None) -> int:
    """The number of active events that meet `condition`, now or at an instant; as slow as there are many."""
    query = SQL("SELECT count(*) {}").format(matching(condition.text, past=as_of is not None))
    found = conn.execute(query, dict(condition.values) | {"as_of": as_of}).fetchone()
    return int(found[0]) if found else 0


def estimate_events(conn: Connection, condition: Condition, as_of: datetime | None = None) -> int:
    """About the same number by PostgreSQL's statistics, at once however many there are."""
    matched = matching(condition.text, past=as_of is not None)
    query = SQL("EXPLAIN (FORMAT JSON) SELECT {}").format(matched)
    found = conn.execute(query, dict(condition.values) | {"as_of": as_of}).fetchone()
    return int(found[0][0]["Plan"]["Plan Rows"]) if found else 0
