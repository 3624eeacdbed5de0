"""The worker killed at every point: each delivery arrives at least once, under one id, and none is lost."""

import asyncio
import signal
import time
from functools import partial

import psycopg
import pytest

from service.db.embedded_postgres import Server, start
from tests.deliveries import wait_for
from tests.faults.conftest import OPTIONS, make_database
from tests.faults.workers import all_delivered, ask, await_delivered, check_arrivals, dies, subscribe, working, write
from tests.receivers import Request, answering, hang, receiving

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
        # What had been acknowledged and was not written down yet comes twice: how much that was, is chance.
        ("before_send", 7, WEBHOOKS * EVENTS),
        ("after_send", 7, WEBHOOKS * EVENTS),
        ("in_finish", 1, WEBHOOKS * EVENTS),
    ],
)
def test_killed_at_any_point_a_worker_is_replaced_and_everything_arrives(
    fresh: str, point: str, times: int, most_twice: int
) -> None:
    with receiving() as receiver:
        subscribe(fresh, receiver, WEBHOOKS)
        write(fresh, EVENTS)
        dies(fresh, point, times)
        with working(fresh):
            await_delivered(fresh, WEBHOOKS * EVENTS)
        check_arrivals(fresh, receiver, most_twice=most_twice)


def test_killed_again_and_again_while_events_are_written_nothing_is_lost(fresh: str) -> None:
    with receiving() as receiver:
        subscribe(fresh, receiver, 2)
        points = [("after_send", 3), ("in_finish", 1), ("in_matching", 1)]
        for point, times in points:
            write(fresh, 10)
            dies(fresh, point, times)
        with working(fresh):
            await_delivered(fresh, 2 * 10 * len(points))
        check_arrivals(fresh, receiver, most_twice=2 * 10 * len(points))


def test_killed_while_deliveries_wait_to_be_tried_again_they_are_at_their_time(fresh: str) -> None:
    with receiving(answering(500)) as receiver:
        subscribe(fresh, receiver)
        write(fresh, 4)
        with working(fresh):
            wait_for(lambda: ask(fresh, "SELECT count(*) FROM delivery WHERE attempts = 1") == [(4,)])
        receiver.behave = answering()
        before = ask(fresh, "SELECT seq, due_at FROM delivery ORDER BY seq")
        with working(fresh):
            await_delivered(fresh, 4)
        check_arrivals(fresh, receiver, most_twice=4)  # each came once before, and was refused
        late = ask(fresh, "SELECT seq, max(began_at) FROM attempt GROUP BY seq ORDER BY seq")
        assert all(began >= due for (_, due), (_, began) in zip(before, late, strict=True))  # type: ignore[operator]


def test_one_that_is_stopped_for_longer_than_its_lease_is_replaced_and_has_no_say_afterwards(fresh: str) -> None:
    with receiving(hang) as receiver:
        subscribe(fresh, receiver)
        with working(fresh) as stopped:
            write(fresh, 1)
            wait_for(lambda: receiver.requests)
            stopped.send_signal(signal.SIGSTOP)
            receiver.behave = answering()
            with working(fresh):
                await_delivered(fresh, 1)
                stopped.send_signal(signal.SIGCONT)
                time.sleep(2.5)  # long enough for it to give its attempt up and to say so
                write(fresh, 3)
                await_delivered(fresh, 4)
        # The attempt that hung is not counted: who made it was no longer the one to tell.
        assert ask(fresh, "SELECT DISTINCT attempts, state FROM delivery") == [(1, "delivered")]
        check_arrivals(fresh, receiver, most_twice=1)


def test_told_to_end_a_worker_writes_down_what_is_under_way_and_leaves_nothing_held(fresh: str) -> None:
    async def answer_late(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.7)
        await answering()(request, writer)

    with receiving(answer_late) as receiver:
        subscribe(fresh, receiver, 5)
        with working(fresh) as process:
            write(fresh, 1)
            wait_for(lambda: len(receiver.requests) == 5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        assert all_delivered(fresh, 5)
        check_arrivals(fresh, receiver, most_twice=0)
    assert ask(fresh, "SELECT count(worker_id) FROM delivery_shard") == [(0,)]


def test_a_recovery_cut_by_a_kill_goes_on_and_sends_nothing_again_that_was_acknowledged(fresh: str) -> None:
    with receiving() as receiver:
        [id_] = subscribe(fresh, receiver)
        write(fresh, 5)
        with working(fresh):
            await_delivered(fresh, 5)
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
        dies(fresh, "in_recovery", 2)
        assert ask(fresh, "SELECT recovered, ended_at FROM recovery") == [(1000, None)]
        dies(fresh, "in_recovery", 1)
        with working(fresh):
            await_delivered(fresh, 2505, 60)
        assert ask(fresh, "SELECT recovered, ended_at IS NOT NULL FROM recovery") == [(2500, True)]
        arrived = receiver.seqs
        assert all(arrived.count(seq) == 1 for seq in range(1, 6))
        check_arrivals(fresh, receiver, most_twice=200)


def test_postgres_killed_and_started_again_under_load_is_waited_for(own_database: str, own_cluster: Server) -> None:
    with receiving() as receiver:
        subscribe(own_database, receiver, 3)
        with working(own_database) as process:
            write(own_database, 20)
            wait_for(lambda: len(receiver.requests) > 10)
            own_cluster.stop("immediate")
            time.sleep(0.5)
            start(own_cluster.directory, options=OPTIONS)
            write(own_database, 20)
            await_delivered(own_database, 120)
            assert process.poll() is None
        check_arrivals(own_database, receiver, most_twice=60)


def test_a_worker_whose_connections_are_cut_goes_on(fresh: str) -> None:
    with receiving() as receiver:
        subscribe(fresh, receiver)
        with working(fresh) as process:
            for number in range(1, 6):
                write(fresh, 4)
                ask(
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
