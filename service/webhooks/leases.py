"""The shards that a worker holds: claimed, renewed, released."""

import math
import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from service import store
from service.store.webhooks.leases import SHARDS

#: Renewals within the duration of a lease, and how many of them in a row may fail without delaying an attempt.
RENEWALS, TOLERATED_MISSES = 10, 2

#: Seconds allowed for recording an attempt.
MARGIN = 1.0


class Renewal(NamedTuple):
    """The leases that a transaction has renewed: they count once it is committed.

    `epochs` has the shards with their epochs, `releasing` those above the fair share. `attempts_until` is a time of
    time.monotonic().
    """

    epochs: dict[int, int]
    releasing: set[int]
    attempts_until: float


class Leases:
    """The shards of one worker, each with the epoch in which the worker holds it."""

    def __init__(self, worker_id: UUID, *, duration: float, timeout: float) -> None:
        """Begin without shards. `duration`: seconds of a lease; `timeout`: seconds of an attempt, at most.

        Raise ValueError if a lease is too short for an attempt.
        """
        least = (timeout + MARGIN) / (1 - TOLERATED_MISSES / RENEWALS)
        if duration < least:
            raise ValueError(
                f"POLICYTRAIL_WEBHOOK_LEASE is too short for this timeout: at least {least:g} s, not {duration:g}"
            )
        self.worker_id = worker_id
        self.duration = duration
        self.epochs: dict[int, int] = {}
        #: Shards above the worker's fair share: no attempt starts for them.
        self.releasing: set[int] = set()
        self._attempt = timeout + MARGIN
        self._attempts_until = 0.0

    @property
    def renewal_interval(self) -> float:
        """Seconds between two renewals."""
        return self.duration / RENEWALS

    @property
    def active_shards(self) -> list[int]:
        """The shards for which attempts may start."""
        return [shard for shard in self.epochs if shard not in self.releasing]

    def has_time_for_attempt(self, now: float) -> bool:
        """Return whether an attempt that starts `now` is recorded before the leases expire.

        `now` is time.monotonic().
        """
        return now < self._attempts_until

    def renew(self, conn: Connection, metrics: Mapping[str, Any], *, busy: Collection[int]) -> Renewal:
        """Renew the leases, claim free shards up to a fair share and release those above it.

        `metrics` is stored with the worker. `busy`: shards with attempts that are not recorded yet. All of it happens
        in the caller's transaction; `adopt` its result when that is committed.
        """
        began = time.monotonic()
        alive = store.webhooks.leases.upsert_worker(conn, self.worker_id, metrics, alive_for=self.duration)
        share = math.ceil(SHARDS / alive)
        idle = [shard for shard in self.releasing if shard not in busy]
        if idle:
            store.webhooks.leases.release_shards(conn, self.worker_id, idle)
        epochs = store.webhooks.leases.renew_shards(conn, self.worker_id, self.duration)
        if len(epochs) < share:
            free = share - len(epochs)
            epochs |= store.webhooks.leases.claim_shards(conn, self.worker_id, self.duration, limit=free)
        return Renewal(epochs, set(sorted(epochs)[share:]), began + self.duration - self._attempt)

    def adopt(self, renewal: Renewal) -> None:
        """Work with the leases of a transaction that is committed: everybody sees them by now."""
        self.epochs, self.releasing, self._attempts_until = renewal

    def release(self, conn: Connection) -> None:
        """Release every shard, so that other workers can claim them at once."""
        store.webhooks.leases.release_shards(conn, self.worker_id, list(self.epochs))
        store.webhooks.leases.delete_worker(conn, self.worker_id)
        self.epochs, self._attempts_until = {}, 0.0
