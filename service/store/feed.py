"""The change feed in the database: committed writes get dense numbers, in an order that readers can trust."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

#: Writes that are numbered by one statement at most, and entries that are taken away by one.
BATCH, TRIMMED = 500, 5_000

#: The follower of our own that hands entries on to subscriptions.
MATCHER = "matcher"


@dataclass(frozen=True)
class FeedHead:
    """Where the feed stands: the last number given, the last one not kept, and whether writes wait for a number."""

    generation: UUID
    seq: int
    floor: int
    waiting: bool


@dataclass(frozen=True)
class FeedLag:
    """How far the feed and the matcher are behind what was written. Times are None where nothing waits."""

    seq: int
    floor: int
    waiting: int
    oldest_waiting: datetime | None
    matched: int
    oldest_unmatched: datetime | None


#: Asked of the index, which skips what is gone; the table may hold much of that.
WAITING = "(SELECT id FROM outbox ORDER BY id LIMIT 1) IS NOT NULL"


def get_head(conn: Connection) -> FeedHead:
    """Where the feed stands. All that it has numbered is there for what the caller reads afterwards."""
    [head] = conn.execute(_HEAD, binary=True).fetchall()
    return FeedHead(*head)


_HEAD = f"SELECT generation, seq, floor, {WAITING} FROM feed_head"


def get_feed_lag(conn: Connection) -> FeedLag:
    """See Standing."""
    cur = conn.cursor(row_factory=class_row(FeedLag))
    cur.execute(
        """
        SELECT feed_head.seq, floor, feed_cursor.seq AS matched,
               (SELECT count(*) FROM outbox) AS waiting,
               (SELECT min(occurred_at) FROM outbox) AS oldest_waiting,
               (SELECT occurred_at
                  FROM feed
                 WHERE feed.seq > feed_cursor.seq
                 ORDER BY feed.seq
                 LIMIT 1) AS oldest_unmatched
          FROM feed_head
          JOIN feed_cursor ON name = %s
        """,
        (MATCHER,),
    )
    [standing] = cur.fetchall()
    return standing


def sequence(conn: Connection, most: int = BATCH) -> int:
    """Give the next numbers to at most `most` committed writes, in one statement, and return to how many.

    0 where none waits, or where another process is at it. Any number of processes may try.
    """
    found = conn.execute(_SEQUENCE, {"most": most}).fetchone()
    return found[0] if found else 0


#: Which database this is: another after a restore into another one, a recovery to a point in time or a failover. There
#: numbers that followers have seen may have been lost, and are given once more.
_PLACE = """
    concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                   (SELECT oid FROM pg_database WHERE datname = current_database()),
                   left(pg_walfile_name(pg_current_wal_lsn()), 8))
    """

_SEQUENCE = f"""
    WITH head AS (
        SELECT seq FROM feed_head WHERE {WAITING} FOR UPDATE SKIP LOCKED
    ), moved AS (
        DELETE FROM outbox
         WHERE (SELECT TRUE FROM head) -- evaluated first: who moves has locked the head, and is alone
           AND id = ANY (ARRAY(SELECT id FROM outbox ORDER BY id LIMIT %(most)s))
     RETURNING *
    ), numbered AS (
        INSERT INTO feed (seq, event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at)
        SELECT (SELECT seq FROM head) + row_number() OVER (ORDER BY id),
               event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at
          FROM moved
     RETURNING 1
    ), here (place) AS (
        SELECT {_PLACE}
    )
    UPDATE feed_head
       SET seq = seq + given.number,
           generation = CASE WHEN feed_head.place <> here.place THEN gen_random_uuid() ELSE generation END,
           place = here.place
      FROM (SELECT count(*) AS number FROM numbered) AS given, here
     WHERE given.number > 0
 RETURNING given.number
    """


def begin_generation(conn: Connection) -> UUID:
    """Let no cursor from before this be valid any more, and return the new generation."""
    [[generation]] = conn.execute("UPDATE feed_head SET generation = gen_random_uuid() RETURNING generation").fetchall()
    return UUID(str(generation))


def trim(conn: Connection, before: datetime, most: int = TRIMMED) -> int:
    """Take away at most `most` of the first entries, in one statement, and return how many.

    Those of writes from `before` an instant, up to the first that is younger, as far as our own followers have come.
    """
    found = conn.execute(_TRIM, {"before": before, "most": most}).fetchone()
    return found[0] if found else 0


_TRIM = """
    WITH head AS (
        SELECT floor FROM feed_head FOR UPDATE SKIP LOCKED
    ), reach AS (
        SELECT least(head.floor + %(most)s, (SELECT min(seq) FROM feed_cursor)) AS seq
          FROM head
    ), last AS (
        SELECT coalesce(min(feed.seq) FILTER (WHERE occurred_at >= %(before)s) - 1, max(feed.seq)) AS seq
          FROM feed, reach, head
         WHERE feed.seq > head.floor AND feed.seq <= reach.seq
    ), gone AS (
        DELETE FROM feed USING last, head WHERE feed.seq > head.floor AND feed.seq <= last.seq RETURNING 1
    )
    UPDATE feed_head
       SET floor = floor + gone.number
      FROM (SELECT count(*) AS number FROM gone) AS gone
     WHERE gone.number > 0
 RETURNING gone.number
    """


def claim_cursor(conn: Connection, name: str) -> int | None:
    """How far the follower `name` has come; then nobody else moves it until the transaction ends.

    None where another does so now, or where the feed does not go on.
    """
    found = conn.execute(
        """
        SELECT seq
          FROM feed_cursor
         WHERE name = %s AND seq < (SELECT seq FROM feed_head)
           FOR UPDATE SKIP LOCKED
        """,
        (name,),
    ).fetchone()
    return found[0] if found else None


def commit_without_waiting(conn: Connection) -> None:
    """Let the transaction be over before it is on disk: for a follower that does the same again where it was lost.

    So that those who write need not wait for their turn at the disk behind it.
    """
    conn.execute("SET LOCAL synchronous_commit = off")


def move_cursor(conn: Connection, name: str, seq: int) -> None:
    """Let the follower `name` have come to `seq`."""
    conn.execute("UPDATE feed_cursor SET seq = %s WHERE name = %s", (seq, name))
