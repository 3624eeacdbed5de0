"""All events that a filter selects, as a file: NDJSON, CSV or Parquet."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from flask import Response
from psycopg import Connection

from service.exports.export import Form, require_writable, select, selection_of, written
from service.feed.cursor import current_cursor
from service.http.content_negotiation import NDJSON, Format
from service.http.file_response import send_file
from service.http.representation import OF_PAGES, refuse
from service.views.event_list import require_past

#: Where the cursor stands from which to follow the changes of what the file holds.
FOLLOW = "Changes-Cursor"

#: What the file is called, without what its form is called by.
FILE = "policytrail-events"


def answer_export(form: Format, query: Mapping[str, Any]) -> Response:
    """All that `query` selects, as EventQuerySchema or SearchSchema loaded it, by id unless `sort` says otherwise."""
    refuse(query, ("cursor",), "An export has no pages: it holds all that match, or the first `limit` of them.")
    refuse(query, OF_PAGES, "Only pages of JSON say this.")
    if form is not NDJSON:
        refuse(query, ("fields",), "Only json and ndjson can hold some fields; the columns of other forms are fixed.")
    require_past(query["as_of"])
    selection = selection_of(query)
    wanted = Form(form.name, query["fields"], query["bom"])
    require_writable(wanted)
    follow: list[str] = []

    def read(conn: Connection) -> Iterator[list[bytes]]:
        if selection.as_of is None:
            follow.append(current_cursor(conn))
        yield from select(conn, selection)

    response = send_file(form, FILE, read, partial(written, wanted))
    if follow:
        response.headers[FOLLOW] = follow[0]
    return response
