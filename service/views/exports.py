"""/v1/events.csv and the like: the events that match, in the format that the path ends in."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response
from psycopg import Connection

from schemas.lists import EventPageSchema, EventQuerySchema
from service.errors import NotFound
from service.exports.export import FileFormat, require_writable, stream_selected, write_documents
from service.feed.cursor import current_cursor
from service.http.auth import may_read_deleted, requires
from service.http.content_negotiation import FORMATS, NDJSON, Format
from service.http.file_response import send_file
from service.http.operation import operation
from service.http.representation import PAGE_EXTRAS, refuse_parameters, requested_format
from service.http.search_budget import require_few_words
from service.search.find import require_past, search_of
from service.views.event_list import answer_list
from service.views.feeds import answer_feed

#: The header with the cursor from which to follow the changes of the exported events.
FOLLOW = "Changes-Cursor"

#: The name of the file, without its suffix.
FILE = "policytrail-events"


exports = Blueprint("exports", __name__, url_prefix="/v1")


@exports.get("/events.<suffix>")
@requires("events:read")
@operation(query=EventQuerySchema, returns=(200, EventPageSchema), also=[NotFound], formats=FORMATS)
def export_events(suffix: str, query: dict[str, Any]) -> Response:
    """List events in the format that the path ends in.

    The same as `GET /v1/events` with `format`. `ndjson`, `csv` and `parquet` have all matching events of one instant,
    by id without `sort`; `atom`, `jsonfeed` and `ics` are feeds, the last written first; `json` is the list.
    """
    return answer_events(requested_format(query, FORMATS, suffix), query)


def answer_events(form: Format, query: dict[str, Any]) -> Response:
    """Return the events that match a query, as EventQuerySchema or SearchSchema loaded it, in a format."""
    if form.is_whole:
        return answer_export(form, query)
    if form.is_feed:
        return answer_feed(form, query)
    refuse_parameters(query, ("bom",), "Only CSV has a byte order mark. Omit `bom`.")
    return answer_list(query, current_cursor if query.get("snapshot") else None)


def answer_export(form: Format, query: Mapping[str, Any]) -> Response:
    """Return all events that match a query, as EventQuerySchema or SearchSchema loaded it, by id without `sort`."""
    refuse_parameters(query, ("cursor",), "An export has no pages. Omit `cursor`.")
    refuse_parameters(query, PAGE_EXTRAS, "Only JSON pages support this. Omit it, or use `format=json`.")
    if form is not NDJSON:
        refuse_parameters(query, ("fields",), "The columns of this format are fixed. Omit `fields`.")
    require_past(query["as_of"])
    search = search_of(query, (), with_deleted=may_read_deleted())
    require_few_words(search.filter)
    file_form = FileFormat(form.name, query["fields"], query["bom"])
    require_writable(file_form)
    changes_cursor: list[str] = []

    def read(conn: Connection) -> Iterator[list[bytes]]:
        if search.as_of is None:
            changes_cursor.append(current_cursor(conn))
        yield from stream_selected(conn, search, query["limit"])

    response = send_file(form, FILE, read, partial(write_documents, file_form))
    if changes_cursor:
        response.headers[FOLLOW] = changes_cursor[0]
    return response
