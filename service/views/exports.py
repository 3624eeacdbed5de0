"""/v1/events.csv and its like: the events that a filter selects, in the form that the address ends in."""

from typing import Any

from flask import Blueprint, Response

from schemas.lists import EventPageSchema, EventQuerySchema
from service.errors import NotFound
from service.http.auth import requires
from service.http.content_negotiation import FORMATS, Format
from service.http.operation import operation
from service.http.representation import asked_format, refuse
from service.views.event_list import answer_list
from service.views.exporting import answer_export
from service.views.feeds import answer_feed

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
