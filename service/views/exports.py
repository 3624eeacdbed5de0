"""/v1/events.csv and its like: the events that a filter selects, in the form that the address ends in."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response
from psycopg import Connection

from schemas.lists import EventPageSchema, EventQuerySchema
from service.errors import NotFound
from service.exports.export import Form, require_writable, select, written
from service.feed.cursor import current_cursor
from service.http.auth import requires
from service.http.content_negotiation import FORMATS, NDJSON, Format
from service.http.file_response import send_file
from service.http.operation import operation
from service.http.representation import OF_PAGES, asked_format, refuse
from service.search.find import require_past, search_of
from service.views.event_list import answer_list
from service.views.feeds import answer_feed

#: Where the cursor stands from which to follow the changes of what the file holds.
FOLLOW = "Changes-Cursor"

#: What the file is called, without what its form is called by.
FILE = "policytrail-events"


exports = Blueprint("exports", __name__, url_prefix="/v1")


@exports.get("/events.<suffix>")
@requires("events:read")
@operation(query=EventQuerySchema, returns=(200, EventPageSchema), also=[NotFound], formats=FORMATS)
def export_events(suffix: str, query: dict[str, Any]) -> Response:
    """List events in the form that the address ends in.

    The same as `GET /v1/events` with `format`: `ndjson`, `csv` and `parquet` hold all events that match, of one instant
    and by id unless `sort` says otherwise; `atom`, `jsonfeed` and `ics` are feeds, the last written first; `json` is
    the list.
    """
    return answer_events(asked_format(query, FORMATS, suffix), query)


def answer_events(form: Format, query: dict[str, Any]) -> Response:
    """The events that `query` asks for, as EventQuerySchema or SearchSchema loaded it, in `form`."""
    if form.is_whole:
        return answer_export(form, query)
    if form.is_feed:
        return answer_feed(form, query)
    refuse(query, ("bom",), "Only CSV has a byte order mark.")
    return answer_list(query)


def answer_export(form: Format, query: Mapping[str, Any]) -> Response:
    """All that `query` selects, as EventQuerySchema or SearchSchema loaded it, by id unless `sort` says otherwise."""
    refuse(query, ("cursor",), "An export has no pages: it holds all that match, or the first `limit` of them.")
    refuse(query, OF_PAGES, "Only pages of JSON say this.")
    if form is not NDJSON:
        refuse(query, ("fields",), "Only json and ndjson can hold some fields; the columns of other forms are fixed.")
    require_past(query["as_of"])
    search = search_of(query, ())
    wanted = Form(form.name, query["fields"], query["bom"])
    require_writable(wanted)
    follow: list[str] = []

    def read(conn: Connection) -> Iterator[list[bytes]]:
        if search.as_of is None:
            follow.append(current_cursor(conn))
        yield from select(conn, search, query["limit"])

    response = send_file(form, FILE, read, partial(written, wanted))
    if follow:
        response.headers[FOLLOW] = follow[0]
    return response
