"""Relations between events in the database, from the end that does not record them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.store.events.records import FOLLOWED


@dataclass(frozen=True)
class IncomingRelation:
    """A relation in the record of the event `event_id`."""

    event_id: UUID
    type: str
    note: str | None


@dataclass(frozen=True)
class RelationEnd:
    """The current event behind `target_id`. It has no title if it was deleted."""

    target_id: UUID
    id: UUID
    record_state: str
    title: str | None


def page_incoming(conn: Connection, id: UUID, *, after: Sequence[str] | None, limit: int) -> list[IncomingRelation]:
    """Return at most `limit` relations to the event or to events merged into it, after the event and type `after`."""
    cur = conn.cursor(row_factory=class_row(IncomingRelation))
    cur.execute(
        """
        WITH RECURSIVE own (id) AS (
            SELECT %(id)s::uuid
         UNION ALL
            SELECT event.id
              FROM own
              JOIN event ON event.merged_into = own.id
        )
        SELECT DISTINCT ON (event_id, type) event_id, type, note
          FROM event_relation
         WHERE target_id IN (SELECT id FROM own)
           AND (%(after_id)s::uuid IS NULL OR (event_id, type) > (%(after_id)s::uuid, %(after_type)s::text))
         ORDER BY event_id, type, target_id
         LIMIT %(limit)s
        """,
        {"id": id, "limit": limit} | dict(zip(("after_id", "after_type"), after or (None, None), strict=True)),
        binary=True,
    )
    return cur.fetchall()


def find_relation_ends(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, RelationEnd]:
    """Return the current event for each of `ids`: merges are followed. Unknown ids are missing."""
    if not ids:
        return {}
    cur = conn.cursor(row_factory=class_row(RelationEnd))
    cur.execute(
        f"""
        WITH RECURSIVE {FOLLOWED}
        SELECT target_id, id, record_state,
               CASE record_state WHEN 'active' THEN convert_from(document, 'UTF8')::json ->> 'title' END AS title
          FROM followed
          JOIN event USING (id)
         WHERE followed.merged_into IS NULL
        """,
        {"ids": list(ids)},
        binary=True,
    )
    return {end.target_id: end for end in cur}


def find_same_events(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return for each of `ids` every id of the same current event: merges are followed in both directions."""
    rows = conn.execute(
        f"""
        WITH RECURSIVE {FOLLOWED}, same (target_id, id) AS (
            SELECT target_id, id FROM followed WHERE merged_into IS NULL
         UNION ALL
            SELECT target_id, event.id
              FROM same
              JOIN event ON event.merged_into = same.id
        )
        SELECT target_id, array_agg(id) FROM same GROUP BY target_id
        """,
        {"ids": list(ids)},
        binary=True,
    )
    return dict(rows.fetchall())
