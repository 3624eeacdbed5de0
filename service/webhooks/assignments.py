"""The subscriptions that a worker delivers to: those of its shards, in their owners' current version."""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from service import clock, store
from service.db.pool import Database
from service.encryption import CannotDecrypt
from service.store.webhooks.queue import Endpoint
from service.webhooks.leases import Leases
from service.webhooks.receivers import Receiver, decrypt_receiver

#: Changes of so recent a time are read again: clocks of two machines differ, and a commit takes a while.
OVERLAP = timedelta(seconds=60)

#: Seconds after which all endpoints are read again: clocks may differ by more than the overlap.
FULL_REFRESH_INTERVAL = 60.0

log = structlog.get_logger()


class Assignment(NamedTuple):
    """The receivers of a worker, and subscriptions whose queued deliveries are of an earlier epoch or history."""

    receivers: list[Receiver]
    outdated: set[UUID]


class Assignments:
    """The subscriptions of the shards that a worker holds, cached between refreshes."""

    def __init__(self, database: Database, leases: Leases, keys: Collection[bytes]) -> None:
        """`keys` decrypt the subscriptions' secrets."""
        self._database, self._leases, self._keys = database, leases, list(keys)
        self._endpoints: dict[UUID, Endpoint] = {}
        self._receivers: dict[UUID, tuple[Endpoint, Receiver | None]] = {}
        self._epochs: dict[int, int] = {}
        self._history: str | None = None
        self._refreshed_at, self._full_refresh_at = clock.now(), time.monotonic()

    def refresh(self, metrics: Mapping[str, Any], busy: Collection[int]) -> Assignment:
        """Renew the leases and return the worker's current receivers.

        `metrics` and `busy` as for Leases.renew. Runs in a thread; calls must not overlap.
        """
        now, began = clock.now(), time.monotonic()
        with self._database.transaction() as conn:
            history = store.feed.get_history(conn)
            is_full = began >= self._full_refresh_at + FULL_REFRESH_INTERVAL or history != self._history
            renewal = self._leases.renew(conn, metrics, busy=busy)
            epochs = renewal.epochs
            new = [shard for shard in epochs if shard not in self._epochs]
            changed = self._changed_shards(epochs, history)
            endpoints = store.webhooks.queue.list_endpoints(conn, [*new, *changed]) if new or changed else []
            since = None if is_full else self._refreshed_at - OVERLAP
            endpoints += store.webhooks.queue.list_endpoints(conn, list(epochs), since=since)
        self._leases.adopt(renewal)
        if is_full:
            self._full_refresh_at = began
            self._forget_all_but({endpoint.id for endpoint in endpoints})
        self._epochs, self._history, self._refreshed_at = dict(epochs), history, now
        self._merge(endpoints)
        active = set(self._leases.active_shards)
        receivers = (self._receiver(one) for one in self._endpoints.values() if _is_deliverable(one, active))
        outdated = {endpoint.id for endpoint in self._endpoints.values() if endpoint.shard in changed}
        return Assignment([receiver for receiver in receivers if receiver], outdated)

    def _changed_shards(self, epochs: Mapping[int, int], history: str) -> list[int]:
        """Return the shards that were held before, but in another epoch or history: others may have delivered since."""
        is_same = history == self._history
        common = epochs.keys() & self._epochs.keys()
        return [shard for shard in common if not is_same or self._epochs[shard] != epochs[shard]]

    def _forget_all_but(self, ids: Collection[UUID]) -> None:
        self._endpoints = {}
        self._receivers = {id_: pair for id_, pair in self._receivers.items() if id_ in ids}

    def _merge(self, endpoints: Sequence[Endpoint]) -> None:
        merged = self._endpoints | {endpoint.id: endpoint for endpoint in endpoints}
        self._endpoints = {id_: one for id_, one in merged.items() if one.shard in self._epochs and not one.deleted}

    def _receiver(self, endpoint: Endpoint) -> Receiver | None:
        """Return the receiver of `endpoint`, cached until the endpoint changes.

        None if its secret cannot be decrypted, which is logged.
        """
        cached = self._receivers.get(endpoint.id)
        if cached and cached[0] == endpoint:
            return cached[1]
        try:
            receiver = decrypt_receiver(endpoint, self._keys)
        except CannotDecrypt as error:
            log.warning("secret_cannot_be_opened", webhook=str(endpoint.id), detail=error.detail)
            receiver = None
        self._receivers[endpoint.id] = endpoint, receiver
        return receiver


def _is_deliverable(endpoint: Endpoint, shards: Collection[int]) -> bool:
    return endpoint.shard in shards and not endpoint.paused and endpoint.handshake != "pending"
