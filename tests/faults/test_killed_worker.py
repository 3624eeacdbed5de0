"""The worker killed at every point: each delivery arrives at least once, under one id; none is lost."""

import asyncio
import signal
import time
from functools import partial

import psycopg
import pytest

from service.db.embedded_postgres import Server, start
from tests.deliveries import PATIENCE, wait_for
from tests.faults.conftest import OPTIONS, make_database
from tests.faults.workers import (
    all_delivered,
    check_arrivals,
    fetch,
    run_until_killed,
    run_worker,
    subscribe,
    wait_for_deliveries,
    write,
)
from tests.receivers import Request, hang, respond_with, run_receiver

#: Webhooks, and events that are written for each.
WEBHOOKS, EVENTS = 5, 20


@pytest.fixture
def fresh(cluster: Server) -> str:
    """The URL of a migrated database that no other test uses."""
    return make_database(cluster)


@pytest.mark.parametrize(
    ("point", "times", "most_twice"),
    [
        ("in_sequencing", 1, 0),
        ("in_matching", 1, 0),
        ("after_claim", 1, 0),
        # Accepted deliveries that were not recorded yet arrive twice; their number is chance.
        ("before_send", 7, WEBHOOKS * EVENTS),
        ("after_send", 7, WEBHOOKS * EVENTS),
        ("in_finish", 1, WEBHOOKS * EVENTS),
    ],
)
def test_after_a_kill_at_any_point_another_worker_delivers_everything(
    fresh: str, point: str, times: int, most_twice: int
) -> None:
    with run_receiver() as receiver:
        subscribe(fresh, receiver, WEBHOOKS)
        write(fresh, EVENTS)
        run_until_killed(fresh, point, times)
        with run_worker(fresh):
            wait_for_deliveries(fresh, WEBHOOKS * EVENTS)
        check_arrivals(fresh, receiver, most_twice=most_twice)


def test_repeated_kills_lose_no_delivery(fresh: str) -> None:
    with run_receiver() as receiver:
        subscribe(fresh, receiver, 2)
        points = [("after_send", 3), ("in_finish", 1), ("in_matching", 1)]
        for point, times in points:
            write(fresh, 10)
            run_until_killed(fresh, point, times)
        with run_worker(fresh):
            wait_for_deliveries(fresh, 2 * 10 * len(points))
        check_arrivals(fresh, receiver, most_twice=2 * 10 * len(points))


def test_retries_keep_their_time_after_a_kill(fresh: str) -> None:
    with run_receiver(respond_with(500)) as receiver:
        subscribe(fresh, receiver)
        write(fresh, 4)
        with run_worker(fresh):
            wait_for(lambda: fetch(fresh, "SELECT count(*) FROM delivery WHERE attempts = 1") == [(4,)])
        receiver.behave = respond_with()
        before = fetch(fresh, "SELECT seq, due_at FROM delivery ORDER BY seq")
        with run_worker(fresh):
            wait_for_deliveries(fresh, 4)
        check_arrivals(fresh, receiver, most_twice=4)  # each was refused once before
        late = fetch(fresh, "SELECT seq, max(began_at) FROM attempt GROUP BY seq ORDER BY seq")
        assert all(began >= due for (_, due), (_, began) in zip(before, late, strict=True))  # type: ignore[operator]


def test_a_worker_stopped_for_longer_than_its_lease_is_replaced_and_fenced(fresh: str) -> None:
    with run_receiver(hang) as receiver:
        subscribe(fresh, receiver)
        with run_worker(fresh) as stopped:
            write(fresh, 1)
            wait_for(lambda: receiver.requests)
            stopped.send_signal(signal.SIGSTOP)
            receiver.behave = respond_with()
            with run_worker(fresh):
                wait_for_deliveries(fresh, 1)
                stopped.send_signal(signal.SIGCONT)
                time.sleep(2.5)  # long enough for its attempt to time out, and for it to try to record that
                write(fresh, 3)
                wait_for_deliveries(fresh, 4)
        # The attempt that hung is not recorded: its worker no longer had the lease.
        assert fetch(fresh, "SELECT DISTINCT attempts, state FROM delivery") == [(1, "delivered")]
        check_arrivals(fresh, receiver, most_twice=1)


def test_a_terminated_worker_records_its_attempts_and_releases_its_shards(fresh: str) -> None:
    async def respond_late(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.7)
        await respond_with()(request, writer)

    with run_receiver(respond_late) as receiver:
        subscribe(fresh, receiver, 5)
        with run_worker(fresh) as process:
            write(fresh, 1)
            wait_for(lambda: len(receiver.requests) == 5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        assert all_delivered(fresh, 5)
        check_arrivals(fresh, receiver, most_twice=0)
    assert fetch(fresh, "SELECT count(worker_id) FROM delivery_shard") == [(0,)]


def test_a_recovery_resumes_after_a_kill_and_repeats_no_accepted_delivery(fresh: str) -> None:
    with run_receiver() as receiver:
        [id_] = subscribe(fresh, receiver)
        write(fresh, 5)
        with run_worker(fresh):
            wait_for_deliveries(fresh, 5)
        _execute(fresh, f"UPDATE subscription SET paused = TRUE WHERE id = '{id_}'")
        _execute(
            fresh,
            "INSERT INTO delivery"
            " (subscription_id, seq, event_id, kind, state, again, step, attempts, due_at, created_at)"
            " SELECT subscription_id, seq + 5 * n, event_id, kind, 'skipped', FALSE, 0, 0, now(), now()"
            " FROM delivery, generate_series(1, 500) AS n",
            "INSERT INTO feed (seq, event_id, version, kind, occurred_at)"
            " SELECT seq, event_id, 1, kind, now() FROM delivery WHERE seq > 5",
            f"UPDATE subscription SET paused = FALSE, updated_at = now() WHERE id = '{id_}'",
            "INSERT INTO recovery (id, subscription_id, since, asked_at, last_seq, recovered)"
            f" VALUES (gen_random_uuid(), '{id_}', now() - interval '1 h', now(), 0, 0)",
        )
        run_until_killed(fresh, "in_recovery", 2)
        assert fetch(fresh, "SELECT recovered, ended_at FROM recovery") == [(1000, None)]
        run_until_killed(fresh, "in_recovery", 1)
        with run_worker(fresh):
            wait_for_deliveries(fresh, 2505)
        assert fetch(fresh, "SELECT recovered, ended_at IS NOT NULL FROM recovery") == [(2500, True)]
        seqs = receiver.seqs
        assert all(seqs.count(seq) == 1 for seq in range(1, 6))
        check_arrivals(fresh, receiver, most_twice=200)


def test_a_worker_waits_for_a_killed_postgresql(own_database: str, own_cluster: Server) -> None:
    with run_receiver() as receiver:
        subscribe(own_database, receiver, 3)
        with run_worker(own_database) as process:
            write(own_database, 20)
            wait_for(lambda: len(receiver.requests) > 10)
            own_cluster.stop("immediate")
            time.sleep(0.5)
            start(own_cluster.directory, options=OPTIONS)
            write(own_database, 20)
            wait_for_deliveries(own_database, 120)
            assert process.poll() is None
        check_arrivals(own_database, receiver, most_twice=60)


def test_a_worker_survives_cut_connections(fresh: str) -> None:
    with run_receiver() as receiver:
        subscribe(fresh, receiver)
        with run_worker(fresh) as process:
            for number in range(1, 6):
                write(fresh, 4)
                fetch(
                    fresh,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'policytrail'",
                )
                wait_for(partial(all_delivered, fresh, 4 * number))
            assert process.poll() is None
        check_arrivals(fresh, receiver, most_twice=20)


def _execute(database: str, *statements: str) -> None:
    with psycopg.connect(database) as conn:
        for statement in statements:
            conn.execute(statement.encode())
