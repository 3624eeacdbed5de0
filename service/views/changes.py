"""/v1/changes: what was written, in one order, to be followed page by page or as a stream."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, stream_with_context
from psycopg import Connection

from schemas.changes import MOST, ChangesQuerySchema, FeedEntryPageSchema
from service import store
from service.errors import CursorExpired, Fault, Malformed, ServiceError, Unavailable
from service.feed.change import render_entry
from service.feed.cursor import NOW, parse_cursor
from service.feed.reader import FeedRequest, Follower
from service.feed.sequencer import catch_up
from service.http.auth import TRUSTED_FOR, authorize, find_key, requires, secret_in_request
from service.http.content_negotiation import EVENT_STREAM, PAGES, format_for
from service.http.context import reading, service
from service.http.operation import JSON, operation
from service.search.filters.expand import expand_filter
from service.search.filters.parser import filter_of
from service.store.feed_entries import FeedEntry
from service.strict_json import render

changes = Blueprint("changes", __name__, url_prefix="/v1/changes")

#: Pages on which one request looks for what passes a filter, if it may wait: 100,000 entries.
_MOST_PAGES = 10

#: What a stream was cut at says more than the address by which it began.
LAST_EVENT_ID = "Last-Event-ID"

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


@changes.get("")
@requires("events:read")
@operation(
    query=ChangesQuerySchema,
    returns=(200, FeedEntryPageSchema),
    formats=(PAGES, EVENT_STREAM),
    also=[CursorExpired, Malformed],
)
def list_changes(query: dict[str, Any]) -> Response:
    """Follow what is written.

    Every committed write is one entry. With a filter those are told whose event passes it after the write or passed it
    before: an update that ends that it passes has the kind `leave`. Ask again with `after` set to `cursor`, and nothing
    is missed. A cursor older than what is kept, or of another generation, is answered with 410: begin anew with
    `GET /v1/events?snapshot=true`. With `Accept: text/event-stream` entries come as they are written (server-sent
    events); `Last-Event-ID` resumes, and `limit` and `wait` do not matter.
    """
    follower = _follower(query)
    if format_for(request.headers.get("Accept", JSON), (PAGES, EVENT_STREAM)) is EVENT_STREAM:
        return _stream(follower, documents=query["include"] == "document")
    entries = _awaited(follower, min(query["limit"], MOST), query["wait"])
    return _page(entries, follower, documents=query["include"] == "document")


def _follower(query: dict[str, Any]) -> Follower:
    asked, kinds = filter_of(query), query.get("kind")
    with reading() as conn:
        asked = expand_filter(conn, asked)
        generation, after = _position(conn, query["after"])
    question = FeedRequest(asked, tuple(kinds) if kinds else None, query["include"] == "document")
    return Follower(service().tail, reading, question, generation, after)


def _position(conn: Connection, after: str | None) -> tuple[UUID, int]:
    """Where to begin: generation and number."""
    if last := request.headers.get(LAST_EVENT_ID):
        return parse_cursor(last, Fault("", header=LAST_EVENT_ID))
    if after is not None and after != NOW:
        return parse_cursor(after, Fault("", parameter="after"))
    head = store.feed.get_head(conn)
    if after == NOW and head.waiting:
        catch_up(conn)
        head = store.feed.get_head(conn)
    return head.generation, head.seq if after == NOW else head.floor


def _awaited(follower: Follower, limit: int, wait: int) -> list[FeedEntry]:
    """The next entries, awaited for so many seconds."""
    entries, deadline, tail = follower.next(limit, 0), time.monotonic() + wait, service().tail
    if entries or not wait:
        return entries
    tail.enter()
    try:
        pages = 1
        while not entries and (left := deadline - time.monotonic()) > 0 and pages < _MOST_PAGES and not tail.ended:
            pages += follower.more
            entries = follower.next(limit, left)
    finally:
        tail.leave()
    return entries


def _page(entries: list[FeedEntry], follower: Follower, *, documents: bool) -> Response:
    rest = render({"cursor": follower.cursor, "more": follower.more})
    items = b",".join([render_entry(entry, document=documents) for entry in entries])
    return Response(b"".join((b'{"items":[', items, b"],", rest[1:])), content_type=JSON)


def _stream(follower: Follower, *, documents: bool) -> Response:
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


def _pieces(follower: Follower, entries: list[FeedEntry], *, documents: bool) -> Iterator[bytes]:
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
            if now > checked + TRUSTED_FOR:
                checked = now
                _require_allowed()
            entries = follower.next(_AT_ONCE, TRUSTED_FOR)
        except Unavailable:
            entries = []
            time.sleep(_TRY_EVERY)
        except ServiceError:
            return  # the client is told when it comes again


def _piece(follower: Follower, entry: FeedEntry, *, documents: bool) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (follower.cursor_behind(entry).encode(), render_entry(entry, document=documents))


def _require_allowed() -> None:
    """Pass a client whose key is still valid."""
    secret = secret_in_request()
    authorize(secret, find_key(secret) if secret is not None else None, "events:read")
