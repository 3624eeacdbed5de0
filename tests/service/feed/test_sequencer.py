"""The sequencer: numbers for committed writes, generations, and the deletion of old entries."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.sql import SQL, Identifier

from service import store
from service.cli.main import main
from service.db.embedded_postgres import Server
from service.feed.cursor import current_cursor
from service.feed.sequencer import catch_up, sequence_once, trim_once
from service.store.feed import MATCHER, FeedLag

NOW = datetime(2024, 4, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_numbers_follow_the_order_of_writing_without_gaps(feed: psycopg.Connection) -> None:
    for number in range(1, 8):
        write(feed, number)
    assert [store.feed.sequence(feed, most=3) for _ in range(4)] == [3, 3, 1, 0]
    assert numbered(feed) == [(number, number) for number in range(1, 8)]


def test_a_rolled_back_write_leaves_no_gap(feed: psycopg.Connection, conn: psycopg.Connection) -> None:
    write(feed, 1)
    write(conn, 2)
    conn.rollback()
    write(feed, 3)
    catch_up(feed)
    assert numbered(feed) == [(1, 1), (2, 3)]


def test_an_uncommitted_write_blocks_no_other_and_is_numbered_after_its_commit(
    feed: psycopg.Connection, conn: psycopg.Connection
) -> None:
    write(conn, 1)
    write(feed, 2)
    assert sequence_once(feed) == 1
    write(feed, 3)
    assert sequence_once(feed) == 1
    conn.commit()
    assert sequence_once(feed) == 1
    assert numbered(feed) == [(1, 2), (2, 3), (3, 1)]


def test_a_second_sequencer_does_not_wait(feed: psycopg.Connection, conn: psycopg.Connection) -> None:
    write(feed, 1)
    assert store.feed.sequence(conn) == 1  # in an open transaction
    write(feed, 2)
    assert sequence_once(feed) == 0
    conn.commit()
    assert sequence_once(feed) == 1
    assert numbered(feed) == [(1, 1), (2, 2)]


def test_nothing_is_locked_if_no_write_is_waiting(feed: psycopg.Connection, conn: psycopg.Connection) -> None:
    conn.execute("SELECT FROM feed_head FOR UPDATE")
    assert sequence_once(feed) == 0
    assert store.feed.claim_cursor(feed, MATCHER) is None


def test_the_cursor_of_a_snapshot_comes_after_all_its_writes(
    feed: psycopg.Connection, conn: psycopg.Connection
) -> None:
    write(feed, 1)
    sequence_once(feed)
    conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    first = current_cursor(conn)
    write(feed, 2)
    sequence_once(feed)

    assert current_cursor(conn) == first
    assert first.endswith(":1")
    assert current_cursor(feed) == first.replace(":1", ":2")


# Old entries


def test_entries_are_deleted_up_to_the_first_young_one(feed: psycopg.Connection) -> None:
    for number, age in enumerate([9, 3, 8, 1, 7]):
        write(feed, number, at=NOW - age * DAY)
    catch_up(feed)
    follow(feed, 5)

    assert trim_once(feed, before=NOW - 2 * DAY) == 3
    assert trim_once(feed, before=NOW - 2 * DAY) == 0
    assert (store.feed.get_head(feed).floor, [seq for seq, _ in numbered(feed)]) == (3, [4, 5])
    assert trim_once(feed, before=None) == 0


def test_entries_are_deleted_in_batches_and_never_before_all_internal_followers(feed: psycopg.Connection) -> None:
    for number in range(10):
        write(feed, number, at=NOW - 9 * DAY)
    catch_up(feed)
    follow(feed, 7)

    counts = [store.feed.trim(feed, NOW, most=3) for _ in range(4)]
    assert (counts, store.feed.get_head(feed).floor) == ([3, 3, 1, 0], 7)


def test_an_empty_feed_continues_with_the_next_number(feed: psycopg.Connection) -> None:
    write(feed, 1, at=NOW - 9 * DAY)
    catch_up(feed)
    follow(feed, 1)
    assert trim_once(feed, before=NOW - DAY) == 1
    write(feed, 2, at=NOW)
    catch_up(feed)
    assert numbered(feed) == [(2, 2)]


# Generations


def test_a_restored_database_begins_a_generation_before_its_first_number(
    feed: psycopg.Connection, cluster: Server, admin: psycopg.Connection
) -> None:
    write(feed, 1)
    sequence_once(feed)
    before = store.feed.get_head(feed)
    original = feed.info.dbname
    feed.close()
    admin.execute(SQL("CREATE DATABASE restored TEMPLATE {}").format(Identifier(original)))
    try:
        with psycopg.connect(cluster.dsn("restored"), autocommit=True) as restored:
            assert (
                store.feed.get_head(restored) == before
            )  # the existing entries are still those that followers have seen
            write(restored, 2)
            sequence_once(restored)
            after = store.feed.get_head(restored)
            write(restored, 3)
            sequence_once(restored)
            assert store.feed.get_head(restored).generation == after.generation
    finally:
        admin.execute("DROP DATABASE restored WITH (FORCE)")
    assert after.generation != before.generation
    assert after.seq == 2


def test_a_failover_begins_a_generation(feed: psycopg.Connection) -> None:
    write(feed, 1)
    sequence_once(feed)
    before = store.feed.get_head(feed)
    [[place]] = feed.execute("SELECT place FROM feed_head").fetchall()
    assert re.fullmatch(r"\d+/\d+/[0-9A-F]{8}", place)  # the last part is the timeline, which changes by a promotion
    feed.execute("UPDATE feed_head SET place = left(place, -8) || '00000000'")
    assert store.feed.get_head(feed).generation == before.generation

    write(feed, 2)
    sequence_once(feed)
    assert store.feed.get_head(feed).generation != before.generation


def test_an_operator_can_begin_a_generation(
    feed: psycopg.Connection, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(feed, 1)
    sequence_once(feed)
    before = store.feed.get_head(feed)
    monkeypatch.setenv("DATABASE_URL", database)

    result = CliRunner().invoke(main, ["feed", "new-generation"])
    after = store.feed.get_head(feed)
    assert (result.exit_code, str(after.generation) in result.output) == (0, True)
    assert (after.generation != before.generation, after.seq) == (True, before.seq)


def test_the_lag_of_the_sequencer_and_the_matcher_is_reported(feed: psycopg.Connection) -> None:
    assert store.feed.get_feed_lag(feed) == FeedLag(0, 0, 0, None, 0, None)
    write(feed, 1, at=NOW)
    assert store.feed.get_feed_lag(feed) == FeedLag(0, 0, 1, NOW, 0, None)
    sequence_once(feed)
    assert store.feed.get_feed_lag(feed) == FeedLag(1, 0, 0, None, 0, NOW)
    store.feed.move_cursor(feed, MATCHER, 1)
    assert store.feed.get_feed_lag(feed) == FeedLag(1, 0, 0, None, 1, None)


def write(conn: psycopg.Connection, version: int, *, at: datetime = NOW, event: UUID | None = None) -> None:
    """Insert the outbox row of a version."""
    conn.execute(
        "INSERT INTO outbox (event_id, version, kind, occurred_at) VALUES (%s, %s, 'update', %s)",
        (event or uuid4(), version, at),
    )


def follow(conn: psycopg.Connection, seq: int) -> None:
    """Move all internal followers to `seq`."""
    conn.execute("UPDATE feed_cursor SET seq = %s", (seq,))


def numbered(conn: psycopg.Connection) -> list[tuple[int, int]]:
    """Return each number with its version."""
    return conn.execute("SELECT seq, version FROM feed ORDER BY seq").fetchall()
