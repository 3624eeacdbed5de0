"""/v1/facets: the number of matching events by topic, place, year and more."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request
from psycopg import Connection

from schemas.codes import jurisdiction_labels
from schemas.facets import MOST_VALUES, FacetsQuerySchema, FacetsSchema
from service import store
from service.http.auth import requires
from service.http.context import settings
from service.http.operation import JSON, operation
from service.http.search_budget import connect_within
from service.search.facet_counts import Effort, Facet, count_facets
from service.search.filters.parser import filter_of
from service.search.synonyms.expansion import expanded_documents, find_expanded_terms
from service.strict_json import render

facets = Blueprint("facets", __name__, url_prefix="/v1/facets")

#: Facets whose values are jurisdictions.
_PLACES = frozenset({"jurisdiction", "party", "affected"})


@facets.get("")
@requires("events:read")
@operation(query=FacetsQuerySchema, returns=(200, FacetsSchema))
def list_facets(query: dict[str, Any]) -> Response:
    """Count events by topic, jurisdiction, year and more.

    Takes the filters of `GET /v1/events`. Each facet is counted without its own filter (`year` and `month` without the
    date), so that you can offer its other values, too. A count is the number of events that match with that value
    alone; a topic includes its narrower topics. If very many events match, a sample is counted and scaled, and `kind`
    is `estimate`. With `q`, events that have every word are counted. An event counts in each year and month of its main
    date, up to 24 months; an open end counts as the other end.
    """
    filter_ = filter_of(query)
    with connect_within(filter_) as conn:
        names, limit = query["fields"], min(query["limit"], MOST_VALUES)
        counts = count_facets(conn, filter_, names, limit, _effort())
        expanded = find_expanded_terms(conn, filter_)
        labels = _labels(conn, counts.facets)
    body = {
        "count": {"value": counts.matched, "kind": counts.kind},
        "expanded": expanded_documents(expanded),
        "facets": [_facet_document(facet, labels.get(facet.name, {})) for facet in counts.facets],
    }
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Encoding, Accept-Language"}
    return Response(render(body), content_type=JSON, headers=headers)


def _effort() -> Effort:
    return Effort(settings().facet_exact, settings().facet_sample, settings().facet_patience)


def _facet_document(facet: Facet, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "field": facet.name,
        "kind": facet.kind,
        "values": [{"value": value, "label": labels.get(value), "count": count} for value, count in facet.values],
        "left_out": facet.left_out,
        "without": facet.without,
    }


def _labels(conn: Connection, facets: Iterable[Facet]) -> dict[str, Mapping[str, str]]:
    """Return the labels of the values of each facet that has labels."""
    labels: dict[str, Mapping[str, str]] = {}
    for facet in facets:
        if facet.name in _PLACES:
            labels[facet.name] = jurisdiction_labels()
        elif facet.name == "topic" and facet.values:
            translations = store.topics.find_topic_labels(conn, [topic for topic, _ in facet.values])
            labels["topic"] = {topic: _preferred(several) for topic, several in translations.items()}
    return labels


def _preferred(labels: Mapping[str, str]) -> str:
    """Return the label in the first language of Accept-Language that there is, else in English, else any."""
    for language in _languages():
        for tag in (language, language.partition("-")[0]):
            if tag in labels:
                return labels[tag]
    return labels.get("en") or next(iter(labels.values()))


def _languages() -> Sequence[str]:
    return [tag for tag, quality in request.accept_languages if quality > 0]
