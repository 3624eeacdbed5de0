"""The queue: the order of due deliveries, and the results of attempts."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from service.ids import uuid7
from service.store.webhooks.queue import (
    LIST_DUE_SUBSCRIPTIONS,
    FetchRequest,
    insert_attempts,
    list_due,
    list_due_in_order,
    list_due_subscriptions,
)
from tests.deliveries import an_attempt, claim_all_shards, make_deliveries, make_subscription, states


def due(
    conn: psycopg.Connection, subscription_id: UUID, *, first: int = 9, retries: int = 9, exclude: Any = ()
) -> list[int]:
    deliveries = list_due(conn, [FetchRequest(subscription_id, first, retries, list(exclude))])
    conn.rollback()
    return [one.seq for one in deliveries]


def test_due_deliveries_come_longest_due_first_without_excluded_ones(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    make_deliveries(conn, id_, *range(1, 8))
    conn.execute("UPDATE delivery SET due_at = now() + interval '1 h' WHERE seq = 2")
    conn.execute("UPDATE delivery SET due_at = now() - interval '1 h' WHERE seq = 6")
    conn.commit()
    assert due(conn, id_) == [6, 1, 3, 4, 5, 7]
    assert due(conn, id_, first=2) == [6, 1]
    assert due(conn, id_, exclude=[6, 3]) == [1, 4, 5, 7]


def test_only_subscriptions_with_due_deliveries_are_listed(conn: psycopg.Connection) -> None:
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
def test_listing_due_subscriptions_reads_few_rows_of_a_backlog(conn: psycopg.Connection, *, is_known: bool) -> None:
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


def test_first_attempts_and_retries_have_their_own_limits(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    make_deliveries(conn, id_, *range(1, 8))
    conn.execute("UPDATE delivery SET again = TRUE WHERE seq <= 3")
    conn.commit()
    assert due(conn, id_, first=2, retries=1) == [4, 5, 1]
    assert due(conn, id_, first=0, retries=9) == [1, 2, 3]


def test_an_ordered_subscription_gets_nothing_before_a_delivery_that_is_not_due(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn, ordered=True)
    make_deliveries(conn, id_, *range(1, 6))

    def following() -> list[int]:
        deliveries = [one.seq for one in list_due_in_order(conn, [id_], limit=3)]
        conn.rollback()
        return deliveries

    assert following() == [1, 2, 3]
    conn.execute("UPDATE delivery SET again = TRUE, due_at = now() + interval '1 h' WHERE seq = 1")
    conn.commit()
    assert following() == []
    conn.execute("UPDATE delivery SET due_at = now() WHERE seq = 1")
    conn.commit()
    assert following()[:2] == [1, 2]


def test_a_worker_with_expired_leases_changes_nothing(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    make_deliveries(conn, id_, 1, 2)
    stale, current = uuid7(), uuid7()
    before = claim_all_shards(conn, stale, seconds=-1.0)
    epochs = claim_all_shards(conn, current)
    assert insert_attempts(conn, stale, [an_attempt(conn, id_, 1, before)]) == 0
    assert insert_attempts(conn, stale, [an_attempt(conn, id_, 1, epochs)]) == 0
    assert insert_attempts(conn, current, [an_attempt(conn, id_, 1, before)]) == 0
    assert insert_attempts(conn, current, [an_attempt(conn, id_, 1, epochs), an_attempt(conn, id_, 2, epochs)]) == 2
    conn.commit()
    assert states(conn) == {1: "delivered", 2: "delivered"}


def test_an_attempt_does_not_count_for_another_delivery_with_its_number(conn: psycopg.Connection) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1)
    epochs = claim_all_shards(conn, worker)
    lost = an_attempt(conn, id_, 1, epochs)
    conn.execute("UPDATE delivery SET id = gen_random_uuid()")
    assert insert_attempts(conn, worker, [lost]) == 0
    conn.commit()
    assert states(conn) == {1: "pending"}


def test_a_failure_is_retried_at_its_time_behind_first_attempts(conn: psycopg.Connection) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1)
    epochs = claim_all_shards(conn, worker)
    failed = an_attempt(conn, id_, 1, epochs, state="pending", delay=300.0, outcome="refused", status=500)
    insert_attempts(conn, worker, [failed])
    [row] = conn.execute(
        "SELECT state, again, step, attempts, round(extract(epoch FROM due_at - now())), ended_at FROM delivery"
    ).fetchall()
    assert row == ("pending", True, 1, 1, 300, None)


@pytest.mark.parametrize("state", ["skipped", "failed"])
def test_a_late_success_counts_and_is_never_revoked(conn: psycopg.Connection, state: str) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1)
    epochs = claim_all_shards(conn, worker)
    conn.execute("UPDATE delivery SET state = %s", (state,))
    late = an_attempt(conn, id_, 1, epochs, state="pending", outcome="timeout", status=None)
    assert insert_attempts(conn, worker, [late]) == 0
    assert insert_attempts(conn, worker, [an_attempt(conn, id_, 1, epochs)]) == 1
    assert insert_attempts(conn, worker, [late]) == 0
    conn.commit()
    assert states(conn) == {1: "delivered"}
