"""Where a follower of the change feed stands: an opaque cursor, `generation:seq`."""

import re
from dataclasses import replace
from uuid import UUID

from psycopg import Connection

from service import store
from service.errors import CursorExpired, Fault, Malformed
from service.store.feed import FeedHead

#: A number has 18 digits at most, and so fits into PostgreSQL's bigint with another added.
_CURSOR = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(0|[1-9][0-9]{0,17})\Z")

#: Instead of a cursor: behind all that is there.
NOW = "now"

#: How to begin anew, wherever that is told.
_RESTART = "Begin anew with GET /v1/events?snapshot=true, and follow its `cursor`."


def cursor_at(generation: UUID, seq: int) -> str:
    """The cursor behind the entry `seq`."""
    return f"{generation}:{seq}"


def current_cursor(conn: Connection) -> str:
    """The cursor to follow from after reading events.

    To be taken before the first of them is read, or in a transaction that sees one state: what is written meanwhile may
    then be in both, but nothing is in neither.
    """
    head = store.feed.get_head(conn)
    return cursor_at(head.generation, head.seq)


def parse_cursor(text: str, at: Fault) -> tuple[UUID, int]:
    """Generation and number of a cursor that stood where `at` says. Malformed if it is none."""
    found = _CURSOR.match(text)
    if found is None:
        detail = "This is no cursor; use `cursor` as it was answered, or begin without one."
        raise Malformed(detail, [replace(at, detail=detail)])
    return UUID(found[1]), int(found[2])


def require_cursor_valid(head: FeedHead, generation: UUID, seq: int) -> None:
    """Pass a cursor behind which nothing is missing. CursorExpired with how to begin anew."""
    if generation != head.generation or seq > head.seq:
        raise CursorExpired(f"The cursor is of another generation, from before the database was restored. {_RESTART}")
    if seq < head.floor:
        raise CursorExpired(f"The cursor is older than what the feed keeps. {_RESTART}")
