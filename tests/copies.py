"""Many events at the price of one statement: copies of one, for tests in which only their number matters."""

import psycopg


def multiply(conn: psycopg.Connection, copies: int) -> None:
    """Add `copies` of the one event there is, each under an id of its own; their documents are equal."""
    columns = [
        name
        for (name,) in conn.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'event' AND column_name <> 'id'"
        )
    ]
    names = ", ".join(columns)
    conn.execute(
        f"INSERT INTO event (id, {names}) SELECT uuidv7(), {names} FROM event, generate_series(1, %s)", (copies,)
    )
    conn.commit()
