"""Changes as server-sent events: each as it is written, until the client or the service ends it."""

import time
from collections.abc import Iterator

from flask import Response, stream_with_context

from service.errors import ServiceError, Unavailable
from service.feed.change import render_entry
from service.feed.reader import Follower
from service.http.auth import BELIEVED_FOR, authorize, find_key, sent_secret
from service.http.content_negotiation import EVENT_STREAM
from service.http.context import service
from service.store.feed_entries import Entry

#: Seconds of silence after which there is a sign of life: proxies end what is silent for a minute, some for half.
HEARTBEAT = 15.0

#: Seconds after which a stream ends and its client resumes it, so that its filter takes new topics along.
LASTS = 900.0

#: Seconds between two tries while the database is away. Who is sent away with 503 may never come back: browsers do so.
_TRY_EVERY = 1.0

#: Milliseconds after which a client is to connect again.
_RETRY = 2_000

#: Entries that are sent in one piece.
_AT_ONCE = 100


def stream(follower: Follower, *, documents: bool) -> Response:
    """All that `follower` is told from now on. CursorExpired where it cannot begin where it stands."""
    service().tail.enter()
    try:
        first = follower.next(_AT_ONCE, 0)
    except BaseException:
        service().tail.leave()
        raise
    response = Response(
        stream_with_context(_pieces(follower, first, documents=documents)),
        content_type=EVENT_STREAM.content_type,
        headers={"X-Accel-Buffering": "no"},  # or nginx would hold it back
    )
    response.call_on_close(service().tail.leave)
    return response


def _pieces(follower: Follower, entries: list[Entry], *, documents: bool) -> Iterator[bytes]:
    """The stream. Nothing is kept for a client that reads slowly: it stays behind, and in the end is given up."""
    began = sent = checked = time.monotonic()
    yield b"retry: %d\n\n" % _RETRY
    while not service().tail.ended and (now := time.monotonic()) < began + LASTS:
        if entries:
            yield b"".join([_piece(follower, entry, documents=documents) for entry in entries])
            sent = now
        elif now > sent + HEARTBEAT:
            # An id without data moves the place to resume from, also where a filter leaves out all that comes.
            yield b": still here\nid: %s\n\n" % follower.cursor.encode()
            sent = now
        try:
            if now > checked + BELIEVED_FOR:
                checked = now
                _require_allowed()
            entries = follower.next(_AT_ONCE, BELIEVED_FOR)
        except Unavailable:
            entries = []
            time.sleep(_TRY_EVERY)
        except ServiceError:
            return  # the client is told when it comes again


def _piece(follower: Follower, entry: Entry, *, documents: bool) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (follower.cursor_behind(entry).encode(), render_entry(entry, document=documents))


def _require_allowed() -> None:
    """Pass a client whose key is still valid."""
    secret = sent_secret()
    authorize(secret, find_key(secret) if secret is not None else None, "events:read")
