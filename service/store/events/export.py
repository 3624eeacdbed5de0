"""Every event that meets a condition, in bounded memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from psycopg import Connection

from service.store.condition import Condition
from service.store.events.ordering import Order, estimate_events, matching, ordering

#: Rows of the first round trip: few, so that the first byte is there soon.
FIRST = 50
#: Bytes that a round trip should bring, and rows at most. Measured among 100,000 documents of 1.8 kB: 100 rows a trip
#: gave 245,000 rows/s and 2,000 a trip 203,000. COPY in binary gave 420,000, but is one statement with one timeout, and
#: over HTTP 120,000 to 170,000 arrive.
BATCH_BYTES = 262_144
MOST_ROWS = 1_000
#: Events that are found and sorted before the first is sent, as PostgreSQL guesses how many match. Among a million the
#: first of 8,500 came after 50 ms.
FEW = 20_000


def stream_documents(
    conn: Connection,
    condition: Condition,
    order: Sequence[Order] = (),
    *,
    limit: int | None = None,
    as_of: datetime | None = None,
) -> Iterator[list[bytes]]:
    """The documents of the active events that meet `condition`, by id where `order` is empty, a batch a round trip.

    `conn` must be in a transaction. With `as_of` those that matched at that instant, each in its version of then.
    """
    # OFFSET lets PostgreSQL find what matches before it thinks of the order: it would rather read all events in that
    # order, and guesses too well of how soon it finds the first.
    fence = "OFFSET 0" if as_of is None and estimate_events(conn, condition) <= FEW else ""
    query = f"""
        SELECT document
          FROM (SELECT * {matching(condition.render(), past=as_of is not None)} {fence}) AS event
         ORDER BY {ordering(order)}
         LIMIT %(limit)s
        """
    with conn.cursor("export", binary=True) as cursor:
        cursor.execute(query, condition.parameters() | {"limit": limit, "as_of": as_of})
        size = FIRST
        while rows := cursor.fetchmany(size):
            documents = [row[0] for row in rows]
            yield documents
            size = min(MOST_ROWS, 1 + BATCH_BYTES * len(documents) // (1 + sum(map(len, documents))))
