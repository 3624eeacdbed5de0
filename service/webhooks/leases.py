"""Which shards this worker sends for: taken, held by renewing, given up in order."""

import math
import time
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection

from service import store
from service.store.webhooks.leases import SHARDS

#: Times that a lease is renewed while it lasts, and those of them that may fail without holding anything up.
RENEWALS, MISSES = 10, 2

#: Seconds that it may take to write down how an attempt ended.
MARGIN = 1.0


class Leases:
    """The shards of one worker, each with the epoch in which it holds it."""

    def __init__(self, worker_id: UUID, *, lasts: float, timeout: float) -> None:
        """`lasts`: seconds of a lease, more than an attempt with its `timeout` may take."""
        least = (timeout + MARGIN) / (1 - MISSES / RENEWALS)
        if lasts < least:
            raise ValueError(
                f"POLICYTRAIL_WEBHOOK_LEASE is too short for this timeout: at least {least:g} s, not {lasts:g}"
            )
        self.worker_id = worker_id
        self.lasts = lasts
        self.epochs: dict[int, int] = {}
        #: Shards that another worker should have: nothing more is begun for them.
        self.leaving: set[int] = set()
        self._attempt = timeout + MARGIN
        self._safe_until = 0.0

    @property
    def every(self) -> float:
        """Seconds between two renewals."""
        return self.lasts / RENEWALS

    @property
    def mine(self) -> list[int]:
        """The shards for which attempts may begin."""
        return [shard for shard in self.epochs if shard not in self.leaving]

    def is_safe(self, now: float) -> bool:
        """Whether an attempt that begins now ends, and is written down, within the lease; `now` is time.monotonic()."""
        return now < self._safe_until

    def renew(self, conn: Connection, measured: Mapping[str, Any], *, busy: Collection[int]) -> None:
        """Hold on, take what nobody holds up to a fair share, give up what is above it; in the caller's transaction.

        `busy` are shards with attempts that are not written down yet.
        """
        began = time.monotonic()
        alive = store.webhooks.leases.note_worker(conn, self.worker_id, measured, alive_for=self.lasts)
        share = math.ceil(SHARDS / alive)
        idle = [shard for shard in self.leaving if shard not in busy]
        if idle:
            store.webhooks.leases.release_shards(conn, self.worker_id, idle)
        held = store.webhooks.leases.renew_shards(conn, self.worker_id, self.lasts)
        if len(held) < share:
            held |= store.webhooks.leases.claim_shards(conn, self.worker_id, self.lasts, most=share - len(held))
        self.leaving = set(sorted(held)[share:])
        self.epochs = held
        self._safe_until = began + self.lasts - self._attempt

    def release(self, conn: Connection) -> None:
        """Give everything up: others may go on at once."""
        store.webhooks.leases.release_shards(conn, self.worker_id, list(self.epochs))
        store.webhooks.leases.forget_worker(conn, self.worker_id)
        self.epochs, self._safe_until = {}, 0.0
