"""What deliveries hold: written once for every subscription that is told the same."""

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

#: Bytes of messages that are kept, as several subscriptions are told of one change at about the same time, and that are
#: found at once.
ROOM = 32 * 1024**2
#: Messages that are read together.
PART = 100


class Key(NamedTuple):
    """Which message: the change, what it is to a subscription, and the payload that it wants, `full` or `thin`."""

    seq: int
    kind: str
    payload: str


class Message(NamedTuple):
    """A delivery's body, and when the change was written."""

    body: bytes
    occurred_at: datetime


class Messages:
    """Messages by what they say, the latest used kept."""

    def __init__(self, room: int = ROOM) -> None:
        """`room`: bytes kept."""
        self._room = room
        self._kept: OrderedDict[Key, Message] = OrderedDict()
        self._bytes = 0

    def find(self, conn: Connection, keys: Iterable[Key]) -> dict[Key, Message | None]:
        """The messages of `keys`, None for those of changes that are no longer kept.

        The first of them at least, and as many more as fit into the room; who wants the others asks again.
        """
        found: dict[Key, Message | None] = {}
        size, left = 0, iter(dict.fromkeys(keys))
        while size < self._room and (part := list(islice(left, PART))):
            for key, message in self._part(conn, part).items():
                found[key] = message
                size += len(message.body) if message else 0
        return found

    def _part(self, conn: Connection, keys: Sequence[Key]) -> dict[Key, Message | None]:
        found: dict[Key, Message | None] = {key: self._kept.get(key) for key in keys}
        missing = [key for key, message in found.items() if message is None]
        for payload in ("full", "thin"):
            wanted = {key.seq for key in missing if key.payload == payload}
            entries = (
                store.webhooks.queue.find_messages(conn, list(wanted), documents=payload == "full") if wanted else []
            )
            for key, message in _written(entries, missing, payload).items():
                found[key] = message
                self._keep(key, message)
        for key in found.keys() & self._kept.keys():
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: Key, message: Message) -> None:
        self._kept[key] = message
        self._bytes += len(message.body)
        while self._bytes > self._room:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.body)


def _written(entries: Iterable[FeedEntry], wanted: Collection[Key], payload: str) -> dict[Key, Message]:
    kinds: dict[int, set[str]] = {}
    for key in wanted:
        if key.payload == payload:
            kinds.setdefault(key.seq, set()).add(key.kind)
    return {
        Key(entry.seq, kind, payload): Message(message_of(replace(entry, kind=kind), payload), entry.occurred_at)
        for entry in entries
        for kind in kinds[entry.seq]
    }


def message_of(entry: FeedEntry, payload: str) -> bytes:
    """The body by which a change is told: type, timestamp and data, as Standard Webhooks wants it."""
    return b'{"type":"event.%s","timestamp":"%s","data":%s}' % (
        entry.kind.encode(),
        timestamp(entry.occurred_at).encode(),
        render_entry(entry, document=payload == "full"),
    )


def ping_of(subscription_id: UUID, now: datetime) -> bytes:
    """The body of a test."""
    sent = {
        "type": "webhook.ping",
        "timestamp": timestamp(now.astimezone(UTC)),
        "data": {"webhook_id": subscription_id},
    }
    return render(sent)
