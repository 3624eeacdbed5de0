"""The change feed in the database: committed writes get numbers without gaps, in one order for all readers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

#: Writes that one statement numbers at most, and entries that one deletes.
BATCH, TRIMMED = 500, 5_000

#: The name of the internal follower that matches entries with subscriptions.
MATCHER = "matcher"

#: The one that follows the matcher.
BACKGROUND_MATCHER = "background"


@dataclass(frozen=True)
class FeedHead:
    """The last number of the feed, the last deleted number (`floor`), and whether writes wait for a number.

    `erasures`: their number so far; entries that were read before the latest one may be of an erased event.
    """

    generation: UUID
    seq: int
    floor: int
    waiting: bool
    erasures: int


@dataclass(frozen=True)
class FeedLag:
    """The backlog of the sequencer and of the matcher. Times are None if nothing is waiting."""

    seq: int
    floor: int
    waiting: int
    oldest_waiting: datetime | None
    matched: int
    oldest_unmatched: datetime | None


#: By the index, which skips deleted rows; the table can contain many of them.
WAITING = "(SELECT id FROM outbox ORDER BY id LIMIT 1) IS NOT NULL"


#: The identity of a write as text, from its entry in `feed` and the row of `feed_head`. Entries from before writes had
#: one are identified by generation and number.
CHANGE_ID = "coalesce(feed.change_id::text, md5(concat(feed_head.generation, feed.seq)))"


def get_head(conn: Connection) -> FeedHead:
    """Return the head of the feed. The caller's later statements see all entries up to it."""
    [head] = conn.execute(_HEAD, binary=True).fetchall()
    return FeedHead(*head)


_HEAD = f"SELECT generation, seq, floor, {WAITING}, erasures FROM feed_head"


def get_feed_lag(conn: Connection) -> FeedLag:
    """Return the backlog of the feed."""
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
    [lag] = cur.fetchall()
    return lag


def sequence(conn: Connection, most: int = BATCH) -> int:
    """Give the next numbers to at most `most` committed writes, in one statement, and return how many.

    0 if none is waiting, or if another process is sequencing. Any number of processes may try.
    """
    row = conn.execute(_SEQUENCE, {"most": most}).fetchone()
    return row[0] if row else 0


#: The identity of the database. It changes by a restore into another database, a recovery to a point in time and a
#: failover: numbers that followers have seen may be lost then, and are given a second time.
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
         WHERE (SELECT TRUE FROM head) -- evaluated first: the lock of the head excludes other processes
           AND id = ANY (ARRAY(SELECT id FROM outbox ORDER BY id LIMIT %(most)s))
     RETURNING *
    ), numbered AS (
        INSERT INTO feed (
            seq, event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at, change_id
        )
        SELECT (SELECT seq FROM head) + row_number() OVER (ORDER BY id),
               event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at, change_id
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


def get_history(conn: Connection) -> str:
    """Return a text that changes when the database may have lost writes: by a restore, recovery, failover or erasure.

    Numbers, versions and epochs of another history do not identify what they did in this one.
    """
    [[history]] = conn.execute(f"SELECT concat_ws('/', generation, erasures, {_PLACE}) FROM feed_head").fetchall()
    return str(history)


def begin_generation(conn: Connection) -> UUID:
    """Invalidate all cursors, and return the new generation."""
    [[generation]] = conn.execute("UPDATE feed_head SET generation = gen_random_uuid() RETURNING generation").fetchall()
    return UUID(str(generation))


def trim(conn: Connection, before: datetime, most: int = TRIMMED) -> int:
    """Delete at most `most` of the oldest entries, in one statement, and return how many.

    Entries are deleted up to the first one that is not `before` the instant, and only after the internal followers
    have read them.
    """
    row = conn.execute(_TRIM, {"before": before, "most": most}).fetchone()
    return row[0] if row else 0


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
    """Return the position of the internal follower `name`, locked until the transaction ends.

    None if another process has locked it, or if it has reached the end of the feed.
    """
    row = conn.execute(
        """
        SELECT seq
          FROM feed_cursor
         WHERE name = %s AND seq < (SELECT seq FROM feed_head)
           FOR UPDATE SKIP LOCKED
        """,
        (name,),
    ).fetchone()
    return row[0] if row else None


def get_cursor(conn: Connection, name: str) -> int:
    """Return the position of the internal follower `name`."""
    [[seq]] = conn.execute("SELECT seq FROM feed_cursor WHERE name = %s", (name,)).fetchall()
    return int(seq)


def commit_without_waiting(conn: Connection) -> None:
    """Commit the transaction without waiting for the disk, for a follower that repeats a lost transaction.

    Writers then need not wait for the disk behind it.
    """
    conn.execute("SET LOCAL synchronous_commit = off")


def move_cursor(conn: Connection, name: str, seq: int) -> None:
    """Set the position of the internal follower `name` to `seq`."""
    conn.execute("UPDATE feed_cursor SET seq = %s WHERE name = %s", (seq, name))
