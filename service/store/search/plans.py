"""Plans that read indexes alone, for statements in which PostgreSQL's estimates mislead it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg import Connection

#: Appended to a prefix, it is greater than every text with the prefix: the end of the prefix's range in an index.
PREFIX_END: Final = "\U0010ffff"


@contextmanager
def indexes_only(conn: Connection) -> Iterator[None]:
    """Run the statements of the block without sequential scans, until the transaction ends.

    With a LIMIT, PostgreSQL reads a table from its beginning if it expects enough matches there; where there are none
    it reads every row.
    """
    with conn.transaction():
        conn.execute("SET LOCAL enable_seqscan = off")
        yield
