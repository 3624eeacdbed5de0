"""What the worker asks of the database and writes down there: leases, what is due, how it ended."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from structlog.testing import CapturedCall, CapturingLogger

from service import store
from service.db.pool import Database
from service.ids import uuid7
from service.store.webhooks.deliveries import NewDelivery, insert_deliveries
from service.store.webhooks.leases import SHARDS, claim_shards, renew_shards
from service.store.webhooks.queue import (
    LIST_DUE_SUBSCRIPTIONS,
    FetchRequest,
    insert_attempts,
    list_due,
    list_due_in_order,
    list_due_subscriptions,
)
from service.webhooks import completer
from service.webhooks.completer import record_attempts
from service.webhooks.leases import MARGIN, Leases
from tests.deliveries import an_end, hold_all_shards, make_deliveries, make_subscription, states

EVENT = uuid7()


def due(
    conn: psycopg.Connection, subscription_id: UUID, *, first: int = 9, retries: int = 9, exclude: Any = ()
) -> list[int]:
    found = list_due(conn, [FetchRequest(subscription_id, first, retries, list(exclude))])
    conn.rollback()
    return [one.seq for one in found]


# Leases.


def test_a_shard_has_one_worker_and_who_takes_it_over_has_a_higher_epoch(conn: psycopg.Connection) -> None:
    one, other = uuid7(), uuid7()
    epochs = claim_shards(conn, one, 60.0, limit=SHARDS)
    assert len(epochs) == SHARDS
    assert claim_shards(conn, other, 60.0, limit=SHARDS) == {}
    conn.execute("UPDATE delivery_shard SET leased_until = now() - interval '1 s' WHERE shard < 10")
    claimed = claim_shards(conn, other, 60.0, limit=SHARDS)
    assert claimed == {shard: epochs[shard] + 1 for shard in range(10)}
    assert renew_shards(conn, one, 60.0) == {shard: epochs[shard] for shard in range(10, SHARDS)}


def test_workers_share_the_shards_evenly_and_give_up_what_is_above_their_share(conn: psycopg.Connection) -> None:
    workers = [Leases(uuid7(), duration=30.0, timeout=15.0) for _ in range(3)]
    for worker in workers[:1]:
        worker.renew(conn, {}, busy=())
    assert len(workers[0].active_shards) == SHARDS
    for _ in range(3):
        for worker in workers:
            worker.renew(conn, {}, busy=())
    assert sorted(len(worker.active_shards) for worker in workers) == [20, 22, 22]
    assert sorted(shard for worker in workers for shard in worker.active_shards) == list(range(SHARDS))


def test_a_shard_is_given_up_only_when_nothing_of_it_is_under_way(conn: psycopg.Connection) -> None:
    old, new = Leases(uuid7(), duration=30.0, timeout=15.0), Leases(uuid7(), duration=30.0, timeout=15.0)
    old.renew(conn, {}, busy=())
    new.renew(conn, {}, busy=())
    old.renew(conn, {}, busy=())
    assert len(old.active_shards) == SHARDS // 2
    old.renew(conn, {}, busy=old.releasing)
    new.renew(conn, {}, busy=())
    assert new.active_shards == []
    old.renew(conn, {}, busy=())
    new.renew(conn, {}, busy=())
    assert len(new.active_shards) == SHARDS // 2


def test_nothing_is_begun_that_might_not_end_within_the_lease(conn: psycopg.Connection) -> None:
    leases = Leases(uuid7(), duration=30.0, timeout=15.0)
    assert not leases.has_time_for_attempt(0.0)
    leases.renew(conn, {}, busy=())
    renewed = leases._attempts_until - (30.0 - 15.0 - MARGIN)
    assert leases.has_time_for_attempt(renewed + 13.9)
    assert not leases.has_time_for_attempt(renewed + 14.1)
    with pytest.raises(ValueError, match="at least 20 s, not 19"):
        Leases(uuid7(), duration=19.0, timeout=15.0)


def test_who_has_ended_gives_its_shards_up_at_once(conn: psycopg.Connection) -> None:
    one, other = Leases(uuid7(), duration=30.0, timeout=15.0), Leases(uuid7(), duration=30.0, timeout=15.0)
    one.renew(conn, {}, busy=())
    one.release(conn)
    other.renew(conn, {}, busy=())
    assert len(other.active_shards) == SHARDS
    assert [worker.id for worker in store.webhooks.leases.list_live_workers(conn, alive_for=30.0)] == [other.worker_id]


# What is due.


def test_what_is_due_comes_longest_due_first_without_what_is_held_or_not_due(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    make_deliveries(conn, id_, *range(1, 8))
    conn.execute("UPDATE delivery SET due_at = now() + interval '1 h' WHERE seq = 2")
    conn.execute("UPDATE delivery SET due_at = now() - interval '1 h' WHERE seq = 6")
    conn.commit()
    assert due(conn, id_) == [6, 1, 3, 4, 5, 7]
    assert due(conn, id_, first=2) == [6, 1]
    assert due(conn, id_, exclude=[6, 3]) == [1, 4, 5, 7]


def test_only_subscriptions_with_something_due_are_asked_about(conn: psycopg.Connection) -> None:
    ids = [make_subscription(conn) for _ in range(5)]
    assert list_due_subscriptions(conn) == []
    for seq, id_ in enumerate(ids[:4], 1):
        make_deliveries(conn, id_, seq, seq + 10)
    conn.execute("UPDATE delivery SET due_at = now() + interval '1 h' WHERE subscription_id = %s", (ids[0],))
    conn.execute("UPDATE delivery SET state = 'delivered' WHERE subscription_id = %s", (ids[1],))
    conn.execute("UPDATE delivery SET again = TRUE WHERE subscription_id = %s", (ids[2],))
    conn.execute("UPDATE delivery SET due_at = now() + interval '1 h' WHERE seq = 4")
    assert list_due_subscriptions(conn) == sorted(ids[2:4])


@pytest.mark.parametrize("is_known", [False, True], ids=["without statistics", "with statistics"])
def test_however_much_waits_it_is_not_read_to_know_for_whom_something_does(
    conn: psycopg.Connection, *, is_known: bool
) -> None:
    ids = [make_subscription(conn) for _ in range(20)]
    conn.execute(
        """
        INSERT INTO delivery (subscription_id, seq, event_id, kind, state, again, step, attempts, due_at, created_at)
        SELECT id, seq, id, 'create', 'pending', seq %% 2 = 0, 0, 0, now(), now()
          FROM unnest(%s::uuid[]) AS id, generate_series(1, 1000) AS seq
        """,
        (ids[:10],),
    )
    if is_known:
        conn.execute("ANALYZE delivery")
    [[plan]] = conn.execute(b"EXPLAIN (ANALYZE, FORMAT JSON) " + LIST_DUE_SUBSCRIPTIONS.encode()).fetchall()
    assert max(_numbers_of_rows(plan[0]["Plan"])) < 50
    assert list_due_subscriptions(conn) == sorted(ids[:10])


def _numbers_of_rows(node: dict[str, Any]) -> Iterator[float]:
    """How many rows each part of a plan has given, every time together."""
    yield node["Actual Rows"] * node["Actual Loops"]
    for part in node.get("Plans", ()):
        yield from _numbers_of_rows(part)


def test_first_attempts_and_further_ones_have_room_each_for_itself(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    make_deliveries(conn, id_, *range(1, 8))
    conn.execute("UPDATE delivery SET again = TRUE WHERE seq <= 3")
    conn.commit()
    assert due(conn, id_, first=2, retries=1) == [4, 5, 1]
    assert due(conn, id_, first=0, retries=9) == [1, 2, 3]


def test_in_order_nothing_comes_before_what_is_not_due(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn, ordered=True)
    make_deliveries(conn, id_, *range(1, 6))

    def following() -> list[int]:
        found = [one.seq for one in list_due_in_order(conn, [id_], limit=3)]
        conn.rollback()
        return found

    assert following() == [1, 2, 3]
    conn.execute("UPDATE delivery SET again = TRUE, due_at = now() + interval '1 h' WHERE seq = 1")
    conn.commit()
    assert following() == []
    conn.execute("UPDATE delivery SET due_at = now() WHERE seq = 1")
    conn.commit()
    assert following()[:2] == [1, 2]


def test_a_paused_subscriptions_changes_are_kept_as_skipped_and_a_deleted_ones_dropped(
    conn: psycopg.Connection,
) -> None:
    active, paused, deleted = make_subscription(conn), make_subscription(conn, paused=True), make_subscription(conn)
    store.webhooks.subscriptions.delete_subscription(conn, deleted, expected=1, now=datetime.now(UTC))
    rows = [NewDelivery(id_, 1, EVENT, "create") for id_ in (active, paused, deleted, uuid7())]
    assert insert_deliveries(conn, rows) == 1
    assert insert_deliveries(conn, rows) == 0  # what is there stays
    found = conn.execute("SELECT subscription_id, state FROM delivery").fetchall()
    assert sorted(found) == sorted([(active, "pending"), (paused, "skipped")])
    assert insert_deliveries(conn, []) == 0


# How it ended.


def test_a_stale_worker_changes_nothing(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    make_deliveries(conn, id_, 1, 2)
    stale, current = uuid7(), uuid7()
    before = hold_all_shards(conn, stale, seconds=-1.0)
    epochs = hold_all_shards(conn, current)
    assert insert_attempts(conn, stale, [an_end(id_, 1, before)]) == 0
    assert insert_attempts(conn, stale, [an_end(id_, 1, epochs)]) == 0
    assert insert_attempts(conn, current, [an_end(id_, 1, before)]) == 0
    assert insert_attempts(conn, current, [an_end(id_, 1, epochs), an_end(id_, 2, epochs)]) == 2
    conn.commit()
    assert states(conn) == {1: "delivered", 2: "delivered"}


def test_a_failure_is_tried_again_at_its_time_behind_first_attempts(conn: psycopg.Connection) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1)
    epochs = hold_all_shards(conn, worker)
    failed = an_end(id_, 1, epochs, state="pending", delay=300.0, outcome="refused", status=500)
    insert_attempts(conn, worker, [failed])
    [row] = conn.execute(
        "SELECT state, again, step, attempts, round(extract(epoch FROM due_at - now())), ended_at FROM delivery"
    ).fetchall()
    assert row == ("pending", True, 1, 1, 300, None)


@pytest.mark.parametrize("state", ["skipped", "failed"])
def test_a_success_counts_even_if_the_delivery_was_given_up_meanwhile_and_is_never_taken_back(
    conn: psycopg.Connection, state: str
) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1)
    epochs = hold_all_shards(conn, worker)
    conn.execute("UPDATE delivery SET state = %s", (state,))
    late = an_end(id_, 1, epochs, state="pending", outcome="timeout", status=None)
    assert insert_attempts(conn, worker, [late]) == 0
    assert insert_attempts(conn, worker, [an_end(id_, 1, epochs)]) == 1
    assert insert_attempts(conn, worker, [late]) == 0
    conn.commit()
    assert states(conn) == {1: "delivered"}


def test_an_answer_that_cannot_be_stored_keeps_no_other_from_being_written_down(
    conn: psycopg.Connection, opened: Database
) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1, 2)
    epochs = hold_all_shards(conn, worker)
    conn.commit()
    record_attempts(opened, worker, [an_end(id_, 1, epochs), an_end(id_, 2, epochs, headers={"X": "nul \0"})], ())
    assert states(conn) == {1: "delivered", 2: "delivered"}


def outcomes(conn: psycopg.Connection, opened: Database, *ends: tuple[str, str], failing: bool = False) -> Any:
    """The subscription after attempts that ended so: outcome and state."""
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, *range(1, len(ends) + 1))
    epochs = hold_all_shards(conn, worker)
    if failing:
        conn.execute("UPDATE subscription SET failing_since = now() - interval '5 days', failing_attempts = 19")
    conn.commit()
    told = [an_end(id_, seq, epochs, outcome=outcome, state=state) for seq, (outcome, state) in enumerate(ends, 1)]
    record_attempts(opened, worker, told, {id_} if failing else ())
    found = store.webhooks.subscriptions.get_subscription(conn, id_, None)
    conn.rollback()
    return found


def test_a_410_disables_at_once_and_says_so(conn: psycopg.Connection, opened: Database) -> None:
    found = outcomes(conn, opened, ("gone", "skipped"))
    assert (found.paused, found.disabled_reason, found.version) == (True, "gone", 2)
    assert [(notice["kind"], notice["reason"]) for notice in found.notices] == [("disabled", "gone")]


def test_the_twentieth_failure_after_five_days_disables(
    conn: psycopg.Connection, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = CapturingLogger()
    monkeypatch.setattr(completer, "log", said)
    found = outcomes(conn, opened, ("refused", "pending"), failing=True)
    assert (found.paused, found.disabled_reason) == (True, "failing")
    assert [(notice["kind"], notice["reason"]) for notice in found.notices] == [("disabled", "failing")]
    assert store.webhooks.maintenance.get_health(conn).disabled == 1
    assert said.calls == [
        CapturedCall("warning", ("webhook_disabled",), {"webhook": str(found.id), "reason": "failing"})
    ]


def test_one_success_in_between_and_it_begins_anew(conn: psycopg.Connection, opened: Database) -> None:
    found = outcomes(conn, opened, ("accepted", "delivered"), ("refused", "pending"), failing=True)
    assert (found.paused, found.failing_since) == (False, None)


def test_the_first_failure_is_remembered(conn: psycopg.Connection, opened: Database) -> None:
    assert outcomes(conn, opened, ("timeout", "pending"), ("refused", "pending")).failing_since is not None


def test_a_change_that_is_no_longer_kept_is_nobodys_failure(conn: psycopg.Connection, opened: Database) -> None:
    assert outcomes(conn, opened, ("expired", "failed")).failing_since is None


def test_a_delivery_that_is_given_up_is_told_once_until_something_else_happens(
    conn: psycopg.Connection, opened: Database
) -> None:
    found = outcomes(conn, opened, ("refused", "failed"), ("refused", "failed"))
    store.webhooks.subscriptions.record_exhausted(conn, [found.id], now=datetime.now(UTC))
    found = store.webhooks.subscriptions.get_subscription(conn, found.id, None)
    assert [notice["kind"] for notice in found.notices] == ["exhausted"]


def test_no_more_than_twenty_notices_are_kept_the_latest_first(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    for number in range(25):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        store.webhooks.subscriptions.rotate_secret(conn, id_, b"\0", until=now, now=now)
    notices = store.webhooks.subscriptions.get_subscription(conn, id_, None).notices
    assert [notice["at"][:13] for notice in notices] == [
        f"2026-01-{1 + hour // 24:02}T{hour % 24:02}" for hour in range(24, 4, -1)
    ]
