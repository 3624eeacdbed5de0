"""What deliveries hold: written once for every subscription that is told the same."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection

from service import store
from service.delivery.changes import render_entry
from service.events.completing import timestamp
from service.jsontext import render
from service.store.entries import Entry

#: Bytes of messages that are kept, as several subscriptions are told of one change at about the same time.
ROOM = 64 * 1024**2


class Key(NamedTuple):
    """Which message: the change, what it is to a subscription, and whether with the document."""

    seq: int
    kind: str
    full: bool


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

    def find(self, conn: Connection, keys: Collection[Key]) -> dict[Key, Message]:
        """The messages of `keys`; without those of changes that are no longer kept."""
        found = {key: self._kept[key] for key in keys if key in self._kept}
        for key in found:
            self._kept.move_to_end(key)
        missing = set(keys) - found.keys()
        for full in (True, False):
            wanted = {key.seq for key in missing if key.full is full}
            entries = store.due.find_messages(conn, list(wanted), documents=full) if wanted else []
            found |= _written(entries, missing, full=full)
        for key in missing & found.keys():
            self._keep(key, found[key])
        return found

    def _keep(self, key: Key, message: Message) -> None:
        self._kept[key] = message
        self._bytes += len(message.body)
        while self._bytes > self._room:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.body)


def _written(entries: Iterable[Entry], wanted: Collection[Key], *, full: bool) -> dict[Key, Message]:
    kinds: dict[int, set[str]] = {}
    for key in wanted:
        if key.full is full:
            kinds.setdefault(key.seq, set()).add(key.kind)
    return {
        Key(entry.seq, kind, full): Message(message_of(replace(entry, kind=kind), full=full), entry.occurred_at)
        for entry in entries
        for kind in kinds[entry.seq]
    }


def message_of(entry: Entry, *, full: bool) -> bytes:
    """The body by which a change is told: type, timestamp and data, as Standard Webhooks wants it."""
    return b'{"type":"event.%s","timestamp":"%s","data":%s}' % (
        entry.kind.encode(),
        timestamp(entry.occurred_at).encode(),
        render_entry(entry, document=full),
    )


def ping_of(subscription_id: UUID, now: datetime) -> bytes:
    """The body of a test."""
    sent = {
        "type": "webhook.ping",
        "timestamp": timestamp(now.astimezone(UTC)),
        "data": {"webhook_id": subscription_id},
    }
    return render(sent)
