"""Leases in the database."""

import psycopg

from service.ids import uuid7
from service.store.webhooks.leases import SHARDS, claim_shards, renew_shards


def test_a_shard_has_one_worker_and_its_next_one_has_a_higher_epoch(conn: psycopg.Connection) -> None:
    one, other = uuid7(), uuid7()
    epochs = claim_shards(conn, one, 60.0, limit=SHARDS)
    assert len(epochs) == SHARDS
    assert claim_shards(conn, other, 60.0, limit=SHARDS) == {}
    conn.execute("UPDATE delivery_shard SET leased_until = now() - interval '1 s' WHERE shard < 10")
    claimed = claim_shards(conn, other, 60.0, limit=SHARDS)
    assert claimed == {shard: epochs[shard] + 1 for shard in range(10)}
    assert renew_shards(conn, one, 60.0) == {shard: epochs[shard] for shard in range(10, SHARDS)}
