"""Dead, slow and malicious receivers beside healthy ones, which get all of their deliveries.

tests/service/webhooks/test_scheduler_isolation.py computes how long those wait.
"""

import gzip
from contextlib import ExitStack
from uuid import UUID

import psycopg
import pytest

from service.db.embedded_postgres import Server
from service.webhooks import lane
from service.webhooks.lane import MAX_CONCURRENCY, PREFETCH_FACTOR
from tests.deliveries import PATIENCE, make_subscription, run_worker, wait_for
from tests.faults.conftest import make_database
from tests.faults.workers import fetch, write
from tests.receivers import Behaviour, drop, hang, respond_with, run_receiver, write_forever
from tests.servers import free_port

HEALTHY, EVENTS = 20, 15

_HEAD = b"HTTP/1.1 200 OK\r\n"

#: The behaviour of bad receivers by name.
BAD: dict[str, Behaviour] = {
    "hangs": hang,
    "drips its body": write_forever(_HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", every=0.1),
    "has endless headers": write_forever(_HEAD, b"X-Endless: y\r\n", every=0.01),
    "answers a gigabyte": write_forever(_HEAD + b"Content-Length: 1073741824\r\n\r\n", b"z" * 65536),
    "answers a gzip bomb": respond_with(200, gzip.compress(b"\0" * 20_000_000), Content_Encoding="gzip"),
    "drops the connection": drop,
    "fails": respond_with(500),
    "is overloaded": respond_with(429, b"", Retry_After="3600"),
    "is no HTTP": write_forever(b"220 mail.example ESMTP\r\n", b"500 what?\r\n", every=0.1),
}


@pytest.fixture
def fresh(cluster: Server) -> str:
    """The URL of a migrated database that no other test uses."""
    return make_database(cluster)


def test_healthy_receivers_get_everything_during_the_first_attempts_of_the_others(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "SLOW_AFTER", PATIENCE)  # no healthy receiver counts as slow on a busy machine
    # Attempts may take longer than this test, so that none of a hanging receiver has ended before the healthy ones have
    # everything. When the receivers end, so do the attempts in flight and the worker.
    with run_worker(fresh, webhook_timeout=600.0, webhook_lease=900.0, webhook_slots=100), ExitStack() as stack:
        bad = {name: stack.enter_context(run_receiver(behave)) for name, behave in BAD.items()}
        healthy = stack.enter_context(run_receiver())
        with psycopg.connect(fresh) as conn:
            for receiver in bad.values():
                for _ in range(3):
                    make_subscription(conn, receiver.url)
            for url in (f"http://127.0.0.1:{free_port()}/dead", "http://no-such-name.invalid/", "http://10.0.0.1/"):
                make_subscription(conn, url)
            subscriptions = {make_subscription(conn, healthy.url) for _ in range(HEALTHY)}
        write(fresh, EVENTS)
        wait_for(lambda: _delivered(fresh, subscriptions) == HEALTHY * EVENTS)
        assert "timeout" not in _outcomes(fresh)
        assert len(healthy.requests) == HEALTHY * EVENTS
        assert {name for name, receiver in bad.items() if not receiver.requests} == set()
        wait_for(lambda: _outcomes(fresh) >= OUTCOMES)


#: Outcomes of attempts that end early.
OUTCOMES = {"accepted", "refused", "unreachable", "unknown_name", "forbidden", "not_http"}


def _outcomes(database: str) -> set[object]:
    return {outcome for [outcome] in fetch(database, "SELECT DISTINCT outcome FROM attempt")}


def _delivered(database: str, subscriptions: set[UUID]) -> int:
    rows = fetch(database, "SELECT subscription_id FROM delivery WHERE state = 'delivered'")
    return sum(id_ in subscriptions for [id_] in rows)


def test_a_backlog_of_50_000_delays_no_other_webhook_and_little_of_it_is_in_memory(fresh: str) -> None:
    with run_receiver() as busy, run_receiver() as other:
        with psycopg.connect(fresh) as conn:
            id_ = make_subscription(conn, busy.url, payload="thin")
            make_subscription(conn, other.url)
            conn.execute(
                """
                INSERT INTO feed (seq, event_id, version, kind, occurred_at)
                SELECT number, gen_random_uuid(), 1, 'create', now() FROM generate_series(1, 50000) AS number
                """
            )
            conn.execute("UPDATE feed_head SET seq = 50000")
            conn.execute("UPDATE feed_cursor SET seq = 50000")
            conn.execute(
                """
                INSERT INTO delivery (
                    subscription_id, seq, event_id, kind, state, again, step, attempts, due_at, created_at
                )
                SELECT %s, seq, event_id, kind, 'pending', FALSE, 0, 0, now(), now() FROM feed
                """,
                (id_,),
            )
        with run_worker(fresh) as worker:
            wait_for(lambda: len(busy.requests) > 500)
            write(fresh, 20)
            most = 0
            while len(other.requests) < 20:
                lane = worker._dispatcher._scheduler._lanes[id_]
                in_hand = sum(map(len, lane.queues)) + len(lane.in_flight) + len(lane.unrecorded)
                most = max(most, in_hand)
                assert len(busy.requests) < 50_000
            assert most <= 2 * PREFETCH_FACTOR * MAX_CONCURRENCY + 3 * MAX_CONCURRENCY
            with psycopg.connect(fresh) as conn:
                conn.execute("UPDATE subscription SET paused = TRUE, updated_at = now()")
