"""Which subscriptions a worker sends for: those of its shards, as their owners have them now."""

import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from service import store
from service.db.pool import Database
from service.encryption import CannotDecrypt
from service.store.webhooks.queue import Target
from service.webhooks.leases import Leases
from service.webhooks.receivers import Receiver, receiver_of

#: Two machines' clocks may differ, and a write takes a while to be committed: what changed so long ago is read again.
OVERLAP = timedelta(seconds=60)

#: Seconds after which all of it is read again: clocks may be further off than that.
WHOLE_EVERY = 60.0

log = structlog.get_logger()


class Roll(NamedTuple):
    """Receivers to send for, and subscriptions of which everything in hand is another epoch's."""

    receivers: list[Receiver]
    outdated: set[UUID]


class Roster:
    """The subscriptions of the shards that are held."""

    def __init__(self, database: Database, leases: Leases, keys: Collection[bytes]) -> None:
        """`keys` open their secrets."""
        self._database, self._leases, self._keys = database, leases, list(keys)
        self._targets: dict[UUID, Target] = {}
        self._receivers: dict[UUID, tuple[Target, Receiver | None]] = {}
        self._epochs: dict[int, int] = {}
        self._called_at, self._read_at = datetime.now(UTC), time.monotonic()

    def call(self, measured: Mapping[str, Any], busy: Collection[int]) -> Roll:
        """Renew the leases and look at what has changed. In a thread, and not twice at once."""
        now, began = datetime.now(UTC), time.monotonic()
        is_whole = began >= self._read_at + WHOLE_EVERY
        with self._database.transaction() as conn:
            self._leases.renew(conn, measured, busy=busy)
            epochs = self._leases.epochs
            new = [shard for shard in epochs if shard not in self._epochs]
            changed = [shard for shard, epoch in epochs.items() if self._epochs.get(shard, epoch) != epoch]
            found = store.webhooks.queue.list_targets(conn, [*new, *changed]) if new or changed else []
            since = None if is_whole else self._called_at - OVERLAP
            found += store.webhooks.queue.list_targets(conn, list(epochs), since=since)
        if is_whole:
            self._read_at = began
            self._targets, known = {}, {target.id for target in found}
            self._receivers = {id_: kept for id_, kept in self._receivers.items() if id_ in known}
        self._epochs, self._called_at = dict(epochs), now
        self._targets |= {target.id: target for target in found}
        self._targets = {
            id_: target for id_, target in self._targets.items() if target.shard in epochs and not target.deleted
        }
        mine = set(self._leases.mine)
        receivers = (self._receiver(target) for target in self._targets.values() if _is_sent(target, mine))
        outdated = {target.id for target in self._targets.values() if target.shard in changed}
        return Roll([receiver for receiver in receivers if receiver], outdated)

    def _receiver(self, target: Target) -> Receiver | None:
        """The receiver of `target`, kept until that changes. None where its secret cannot be opened, which is told."""
        known = self._receivers.get(target.id)
        if known and known[0] == target:
            return known[1]
        try:
            receiver = receiver_of(target, self._keys)
        except CannotDecrypt as error:
            log.warning("secret_cannot_be_opened", webhook=str(target.id), detail=error.detail)
            receiver = None
        self._receivers[target.id] = target, receiver
        return receiver


def _is_sent(target: Target, mine: Collection[int]) -> bool:
    return target.shard in mine and not target.paused and target.handshake != "pending"
