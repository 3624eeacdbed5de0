"""The cursor of the change feed: an opaque text, `generation:seq`."""

import re
from dataclasses import replace
from uuid import UUID

from psycopg import Connection

from service import store
from service.errors import CursorExpired, Fault, Malformed
from service.store.feed import FeedHead

#: A number has at most 18 digits, so that PostgreSQL's bigint also holds the sum of two.
_CURSOR = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(0|[1-9][0-9]{0,17})\Z")

#: The word for the end of the feed, in place of a cursor.
NOW = "now"

_RESTART = "Start again with GET /v1/events?snapshot=true and follow its `cursor`."


def cursor_at(generation: UUID, seq: int) -> str:
    """Return the cursor directly after the entry `seq`."""
    return f"{generation}:{seq}"


def current_cursor(conn: Connection) -> str:
    """Return the cursor from which to follow the feed after a snapshot of events.

    Read it before the first event, or in a transaction that sees one state: a concurrent write may then be in the
    snapshot and in the feed, but never in neither.
    """
    head = store.feed.get_head(conn)
    return cursor_at(head.generation, head.seq)


def parse_cursor(text: str, at: Fault) -> tuple[UUID, int]:
    """Return the generation and number of a cursor. Malformed at the place of `at` if it is none."""
    match = _CURSOR.match(text)
    if match is None:
        detail = "Not a cursor; send `cursor` as you received it, or start without one."
        raise Malformed(detail, [replace(at, detail=detail)])
    return UUID(match[1]), int(match[2])


def require_cursor_valid(head: FeedHead, generation: UUID, seq: int) -> None:
    """Raise CursorExpired if entries after the cursor are no longer available."""
    if generation != head.generation or seq > head.seq:
        raise CursorExpired(f"The cursor is from before a restore of the database. {_RESTART}")
    if seq < head.floor:
        raise CursorExpired(f"The cursor is older than the oldest entry of the feed. {_RESTART}")
