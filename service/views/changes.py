"""/v1/changes: the change feed, page by page or as a stream."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
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
from service.http.auth import TRUSTED_FOR, authenticate, authorize, may_read_deleted, requires, secret_in_request
from service.http.content_negotiation import EVENT_STREAM, PAGES, format_for
from service.http.context import reading, service
from service.http.operation import JSON, operation
from service.http.pages import page_body
from service.http.search_budget import connect_for, connect_within
from service.search.filters.expand import expand_filter
from service.search.filters.parser import filter_of
from service.store.feed_entries import FeedEntry

changes = Blueprint("changes", __name__, url_prefix="/v1/changes")

#: Pages that one waiting request reads at most to find a match: 100,000 entries.
_MOST_PAGES = 10

#: The header takes precedence over `after`: the client read so far before its stream broke.
LAST_EVENT_ID = "Last-Event-ID"

#: Seconds without an entry after which a heartbeat is sent: proxies close silent connections after 30 to 60 seconds.
HEARTBEAT = 15.0

#: Seconds after which a stream ends. The client resumes it, with a filter that includes topics added since.
LASTS = 900.0

#: Seconds between two tries without a database. A 503 would be worse: browsers do not reconnect after it.
_RETRY_EVERY = 1.0

#: Milliseconds after which a client reconnects.
_RECONNECT_AFTER = 2_000

#: Entries that are sent in one piece at most.
_BATCH = 100


@changes.get("")
@requires("events:read")
@operation(
    query=ChangesQuerySchema,
    returns=(200, FeedEntryPageSchema),
    formats=(PAGES, EVENT_STREAM),
    also=[CursorExpired, Malformed],
)
def list_changes(query: dict[str, Any]) -> Response:
    """Follow the changes.

    Every committed write is one entry. With a filter, the feed returns changes to matching events, plus one `leave`
    entry when an event stops matching. Request the next page with `after` set to `cursor`; every entry comes exactly
    once. If the cursor has expired, the response is 410: start again with `GET /v1/events?snapshot=true`. With
    `Accept: text/event-stream` you receive entries as they are written (server-sent events). `Last-Event-ID` resumes
    a stream; `limit` and `wait` do not apply to it.
    """
    follower = _follower(query)
    documents = query["include"] == "document"
    if format_for(request.headers.get("Accept", JSON), (PAGES, EVENT_STREAM)) is EVENT_STREAM:
        return _stream(follower, documents=documents)
    entries = _readable(_wait_for_entries(follower, min(query["limit"], MOST), query["wait"]))
    items = (render_entry(entry, document=documents) for entry in entries)
    return Response(page_body(items, cursor=follower.cursor, more=follower.more), content_type=JSON)


def _follower(query: dict[str, Any]) -> Follower:
    filter_, kinds = filter_of(query), query.get("kind")
    search = partial(connect_for, filter_)
    with connect_within(filter_) as conn:
        filter_ = expand_filter(conn, filter_)
        generation, after = _position(conn, query["after"])
    feed_request = FeedRequest(filter_, tuple(kinds) if kinds else None, query["include"] == "document")
    return Follower(service().tail, search, feed_request, generation, after)


def _position(conn: Connection, after: str | None) -> tuple[UUID, int]:
    """Return the generation and the number after which to begin."""
    if last := request.headers.get(LAST_EVENT_ID):
        return parse_cursor(last, Fault("", header=LAST_EVENT_ID))
    if after is not None and after != NOW:
        return parse_cursor(after, Fault("", parameter="after"))
    head = store.feed.get_head(conn)
    if after == NOW and head.waiting:
        catch_up(conn)
        head = store.feed.get_head(conn)
    return head.generation, head.seq if after == NOW else head.floor


def _wait_for_entries(follower: Follower, limit: int, seconds: int) -> list[FeedEntry]:
    """Return the next entries, and wait at most `seconds` for the first."""
    entries, deadline, tail = follower.next(limit, 0), time.monotonic() + seconds, service().tail
    if entries or not seconds:
        return entries
    tail.acquire_slot()
    try:
        pages = 1
        while not entries and (remaining := deadline - time.monotonic()) > 0 and pages < _MOST_PAGES and not tail.ended:
            pages += follower.more
            entries = follower.next(limit, remaining)
    finally:
        tail.release_slot()
    return entries


def _stream(follower: Follower, *, documents: bool) -> Response:
    """Return the entries from the follower's position on, as they are written. CursorExpired if it is too old."""
    service().tail.acquire_slot()
    try:
        first = _readable(follower.next(_BATCH, 0))
    except BaseException:
        service().tail.release_slot()
        raise
    response = Response(
        stream_with_context(_server_sent_events(follower, first, documents=documents)),
        content_type=EVENT_STREAM.content_type,
        headers={"X-Accel-Buffering": "no"},  # nginx would buffer the stream
    )
    response.call_on_close(service().tail.release_slot)
    return response


def _server_sent_events(follower: Follower, entries: list[FeedEntry], *, documents: bool) -> Iterator[bytes]:
    """Yield the stream. Nothing is buffered for a slow client: it falls behind, and the connection times out."""
    began = sent_at = checked_at = time.monotonic()
    yield b"retry: %d\n\n" % _RECONNECT_AFTER
    while not service().tail.ended and (now := time.monotonic()) < began + LASTS:
        if entries:
            yield b"".join([_server_sent_event(follower, entry, documents=documents) for entry in entries])
            sent_at = now
        elif now > sent_at + HEARTBEAT:
            # An id without data moves the position to resume from, also if the filter matches no new entry.
            yield b": still here\nid: %s\n\n" % follower.cursor.encode()
            sent_at = now
        try:
            if now > checked_at + TRUSTED_FOR:
                checked_at = now
                _require_valid_key()
            entries = _readable(follower.next(_BATCH, TRUSTED_FOR))
        except Unavailable:
            entries = []
            time.sleep(_RETRY_EVERY)
        except ServiceError:
            return  # the client receives the error when it reconnects


def _server_sent_event(follower: Follower, entry: FeedEntry, *, documents: bool) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (follower.cursor_behind(entry).encode(), render_entry(entry, document=documents))


def _readable(entries: list[FeedEntry]) -> list[FeedEntry]:
    """Return the entries; for a reader without a key, without the documents of events that were deleted since."""
    if may_read_deleted() or not any(entry.document for entry in entries):
        return entries
    with reading() as conn:
        deleted = store.events.records.list_deleted(conn, {entry.event_id for entry in entries})
    return [replace(entry, document=None) if entry.event_id in deleted else entry for entry in entries]


def _require_valid_key() -> None:
    """Raise the error of an invalid key if the client's key is no longer valid."""
    secret = secret_in_request()
    authorize(secret, authenticate(secret) if secret is not None else None, "events:read")
