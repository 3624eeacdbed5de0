"""/v1/facets: how the events that match are spread over topics, places, years and more."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request
from psycopg import Connection

from schemas.codes import jurisdictions
from schemas.facets import MOST_VALUES, FacetsQuerySchema, FacetsSchema
from service import store
from service.http.auth import requires
from service.http.context import reading, settings
from service.http.operation import JSON, operation
from service.search.facet_counts import Effort, Facet, spread
from service.search.filters.parser import filter_of
from service.strict_json import render

facets = Blueprint("facets", __name__, url_prefix="/v1/facets")

#: Facets whose values are jurisdictions.
_PLACES = frozenset({"jurisdiction", "party", "affected"})


@facets.get("")
@requires("events:read")
@operation(query=FacetsQuerySchema, returns=(200, FacetsSchema))
def list_facets(query: dict[str, Any]) -> Response:
    """Count events by topic, jurisdiction, year and more.

    Takes the filters of `GET /v1/events`. Each facet is counted without the filter that narrows by it (`year` and
    `month` without the date), so that its other values can be chosen beside those that are. A count is what choosing
    that value alone would leave; a topic's holds those of its narrower ones. Up to some 25,000 matches are counted one
    by one; of more a part is counted and scaled, and the answer says so. Of `q` those count that have every word. An
    event counts in every year that its main date touches, and in every month, 24 at most; an open end counts as the
    other one.
    """
    with reading() as conn:
        names, most = query["fields"], min(query["limit"], MOST_VALUES)
        found = spread(conn, filter_of(query), names, most, _effort())
        labels = _labels(conn, found.facets)
    body = {
        "count": {"value": found.matched, "kind": found.kind},
        "facets": [_shown(facet, labels.get(facet.name, {})) for facet in found.facets],
    }
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Encoding, Accept-Language"}
    return Response(render(body), content_type=JSON, headers=headers)


def _effort() -> Effort:
    return Effort(settings().facet_exact, settings().facet_sample, settings().facet_patience)


def _shown(facet: Facet, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "field": facet.name,
        "kind": facet.kind,
        "values": [{"value": value, "label": labels.get(value), "count": count} for value, count in facet.values],
        "left_out": facet.left_out,
        "without": facet.without,
    }


def _labels(conn: Connection, found: Iterable[Facet]) -> dict[str, Mapping[str, str]]:
    """What to show for the values of those facets whose values do not say enough."""
    labels: dict[str, Mapping[str, str]] = {}
    for facet in found:
        if facet.name in _PLACES:
            labels[facet.name] = jurisdictions()
        elif facet.name == "topic" and facet.values:
            named = store.topics.find_topic_labels(conn, [topic for topic, _ in facet.values])
            labels["topic"] = {topic: _in_language(said) for topic, said in named.items()}
    return labels


def _in_language(labels: Mapping[str, str]) -> str:
    """The label that the caller prefers; else the English one, else any."""
    for wanted in _languages():
        for tag in (wanted, wanted.partition("-")[0]):
            if tag in labels:
                return labels[tag]
    return labels.get("en") or next(iter(labels.values()))


def _languages() -> Sequence[str]:
    return [tag for tag, quality in request.accept_languages if quality > 0]
