"""Payloads: the bodies of deliveries, rendered once for all subscriptions that get the same one."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection

from service import store
from service.events.normalize import timestamp
from service.feed.change import render_entry
from service.store.feed_entries import FeedEntry
from service.strict_json import render

#: Bytes of payloads in the cache, since several subscriptions get one change at about the same time, and bytes that one
#: call returns.
CACHE_BYTES = 32 * 1024**2
#: Payloads that one statement reads.
READ_BATCH = 100


class PayloadKey(NamedTuple):
    """A change, its kind for the subscription, and the subscription's payload option, `full` or `thin`.

    The number alone is not enough: after a failover, another change may have it. `change_id` is None for a change that
    the feed has expired.
    """

    seq: int
    change_id: str | None
    kind: str
    payload: str


class RenderedPayload(NamedTuple):
    """The body of a delivery, and the time of the write."""

    body: bytes
    occurred_at: datetime


class PayloadCache:
    """Payloads by their keys; the least recently used are evicted."""

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        """`max_bytes`: bytes of bodies in the cache."""
        self._max_bytes = max_bytes
        self._cache: OrderedDict[PayloadKey, RenderedPayload] = OrderedDict()
        self._bytes = 0

    def get_many(self, conn: Connection, keys: Iterable[PayloadKey]) -> dict[PayloadKey, RenderedPayload | None]:
        """Return the payloads of `keys`, None for changes that the feed has expired.

        The result holds the first key at least, and as many more as fit into the cache; ask again for the others.
        """
        payloads: dict[PayloadKey, RenderedPayload | None] = {}
        size, remaining = 0, iter(dict.fromkeys(keys))
        while size < self._max_bytes and (batch := list(islice(remaining, READ_BATCH))):
            for key, payload in self._get_batch(conn, batch).items():
                payloads[key] = payload
                size += len(payload.body) if payload else 0
        return payloads

    def _get_batch(self, conn: Connection, keys: Sequence[PayloadKey]) -> dict[PayloadKey, RenderedPayload | None]:
        payloads: dict[PayloadKey, RenderedPayload | None] = {key: self._cache.get(key) for key in keys}
        missing = [key for key, payload in payloads.items() if payload is None and key.change_id]
        for option in ("full", "thin"):
            seqs = list({key.seq for key in missing if key.payload == option})
            entries = store.webhooks.queue.list_entries(conn, seqs, documents=option == "full") if seqs else []
            for key, payload in _render(entries, missing, option).items():
                payloads[key] = payload
                self._add(key, payload)
        for key in payloads.keys() & self._cache.keys():
            self._cache.move_to_end(key)
        return payloads

    def _add(self, key: PayloadKey, payload: RenderedPayload) -> None:
        self._cache[key] = payload
        self._bytes += len(payload.body)
        while self._bytes > self._max_bytes:
            _, evicted = self._cache.popitem(last=False)
            self._bytes -= len(evicted.body)


def _render(
    entries: Iterable[FeedEntry], keys: Collection[PayloadKey], option: str
) -> dict[PayloadKey, RenderedPayload]:
    keys_by_seq: dict[int, list[PayloadKey]] = {}
    for key in keys:
        if key.payload == option:
            keys_by_seq.setdefault(key.seq, []).append(key)
    return {
        key: RenderedPayload(_body(replace(entry, kind=key.kind), option), entry.occurred_at)
        for entry in entries
        for key in keys_by_seq[entry.seq]
    }


def _body(entry: FeedEntry, option: str) -> bytes:
    """Return a delivery's body: type, timestamp and data, as Standard Webhooks defines them."""
    return b'{"type":"event.%s","timestamp":"%s","data":%s}' % (
        entry.kind.encode(),
        timestamp(entry.occurred_at).encode(),
        render_entry(entry, document=option == "full"),
    )


def ping_body(subscription_id: UUID, now: datetime) -> bytes:
    """Return the body of a ping."""
    message = {
        "type": "webhook.ping",
        "timestamp": timestamp(now.astimezone(UTC)),
        "data": {"webhook_id": subscription_id},
    }
    return render(message)
