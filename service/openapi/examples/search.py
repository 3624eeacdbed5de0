"""Examples of search results: ranking, matches, facets and suggestions."""

from collections.abc import Callable, Mapping
from typing import Any

_EVENT_ID = "018e9a2c-6a00-7000-8000-000000000001"
_SCORE = 3.75

_TERM = {
    "term": "dialogue",
    "times": 1,
    "events": 12,
    "idf": 1.7,
    "frequency": 4,
    "fields": {"title": 1, "summary": 0, "body": 0, "sources": 0},
    "contribution": _SCORE,
}

_MATCH = {
    "id": _EVENT_ID,
    "score": _SCORE,
    "highlights": [
        {"field": "title", "text": "EU-Japan Dialogue on Advanced Materials", "ranges": [[9, 17]]},
    ],
    "explanation": {"every_word": True, "length": 24, "usual_length": 98.5, "terms": [_TERM], "neighbours": 0.0},
}

#: The members of a ranked page beside its events.
OF_PAGE: Mapping[str, Any] = {
    "ranking": {
        "scored": 1,
        "of": 1,
        "kind": "exact",
        "capped": False,
        "partial": False,
        "partial_matches": None,
        "unmatched": [],
        "ignored": 0,
    },
    "matches": [_MATCH],
    "did_you_mean": None,
    "expanded": [{"words": "eu", "synonyms": ["European Union"]}],
}


def _facets() -> dict[str, Any]:
    topics = [
        {"value": "advanced-materials", "label": "Advanced materials", "count": 5_120},
        {"value": "batteries", "label": "Batteries", "count": 2_048},
    ]
    return {
        "count": {"value": 61_440, "kind": "estimate"},
        "expanded": None,
        "facets": [
            {"field": "topic", "kind": "estimate", "values": topics, "left_out": 40, "without": 1_024},
            {
                "field": "year",
                "kind": "estimate",
                "values": [{"value": "2024", "label": None, "count": 9_216}],
                "left_out": 23,
                "without": 128,
            },
        ],
    }


def _suggestions() -> dict[str, Any]:
    return {
        "items": [
            {
                "type": "topic",
                "text": "Advanced materials",
                "id": "advanced-materials",
                "filter": "topic=advanced-materials",
                "count": 5_120,
            },
            {
                "type": "participant",
                "text": "Advisory Board",
                "id": None,
                "filter": "q=%22Advisory+Board%22",
                "count": 6,
            },
            {"type": "title", "text": "Advance of the tariffs", "id": _EVENT_ID, "filter": None, "count": 1},
        ],
        "did_you_mean": None,
    }


#: The response bodies, by the name of their schema.
RESPONSES: dict[str, Callable[[], Any]] = {"Facets": _facets, "Suggestions": _suggestions}


def similar(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of events similar to one."""
    return {"items": [event], "matches": [{"id": event["id"], "score": _SCORE}], "words": ["perovskit", "dialogu"]}
