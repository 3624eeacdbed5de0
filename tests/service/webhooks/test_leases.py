"""Shards: shared evenly, held by one worker each, released in order."""

import psycopg
import pytest

from service import store
from service.ids import uuid7
from service.store.webhooks.leases import SHARDS
from service.webhooks.leases import MARGIN, Leases


def test_workers_share_the_shards_evenly_and_release_surplus_ones(conn: psycopg.Connection) -> None:
    workers = [Leases(uuid7(), duration=30.0, timeout=15.0) for _ in range(3)]
    for worker in workers[:1]:
        worker.adopt(worker.renew(conn, {}, busy=()))
    assert len(workers[0].active_shards) == SHARDS
    for _ in range(3):
        for worker in workers:
            worker.adopt(worker.renew(conn, {}, busy=()))
    assert sorted(len(worker.active_shards) for worker in workers) == [20, 22, 22]
    assert sorted(shard for worker in workers for shard in worker.active_shards) == list(range(SHARDS))


def test_a_shard_is_released_only_without_attempts_in_flight(conn: psycopg.Connection) -> None:
    old, new = Leases(uuid7(), duration=30.0, timeout=15.0), Leases(uuid7(), duration=30.0, timeout=15.0)
    old.adopt(old.renew(conn, {}, busy=()))
    new.adopt(new.renew(conn, {}, busy=()))
    old.adopt(old.renew(conn, {}, busy=()))
    assert len(old.active_shards) == SHARDS // 2
    old.adopt(old.renew(conn, {}, busy=old.releasing))
    new.adopt(new.renew(conn, {}, busy=()))
    assert new.active_shards == []
    old.adopt(old.renew(conn, {}, busy=()))
    new.adopt(new.renew(conn, {}, busy=()))
    assert len(new.active_shards) == SHARDS // 2


def test_no_attempt_starts_that_could_outlast_the_lease(conn: psycopg.Connection) -> None:
    leases = Leases(uuid7(), duration=30.0, timeout=15.0)
    assert not leases.has_time_for_attempt(0.0)
    leases.adopt(leases.renew(conn, {}, busy=()))
    renewed = leases._attempts_until - (30.0 - 15.0 - MARGIN)
    assert leases.has_time_for_attempt(renewed + 13.9)
    assert not leases.has_time_for_attempt(renewed + 14.1)
    with pytest.raises(ValueError, match="at least 20 s, not 19"):
        Leases(uuid7(), duration=19.0, timeout=15.0)


def test_a_worker_that_ends_releases_its_shards_at_once(conn: psycopg.Connection) -> None:
    one, other = Leases(uuid7(), duration=30.0, timeout=15.0), Leases(uuid7(), duration=30.0, timeout=15.0)
    one.adopt(one.renew(conn, {}, busy=()))
    one.release(conn)
    other.adopt(other.renew(conn, {}, busy=()))
    assert len(other.active_shards) == SHARDS
    assert [worker.id for worker in store.webhooks.leases.list_live_workers(conn, alive_for=30.0)] == [other.worker_id]


def test_leases_count_once_they_are_committed(conn: psycopg.Connection) -> None:
    leases = Leases(uuid7(), duration=30.0, timeout=15.0)
    renewal = leases.renew(conn, {}, busy=())
    assert (leases.active_shards, leases.has_time_for_attempt(0.0)) == ([], False)
    conn.rollback()
    assert store.webhooks.leases.list_live_workers(conn, alive_for=30.0) == []
    leases.adopt(renewal)
    assert len(leases.active_shards) == SHARDS
