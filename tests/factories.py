"""Events and topics for tests: a test says only what matters to it."""

from typing import Any

from flask.testing import FlaskClient

#: The event that a full one relates to; the fixture `earlier` records it.
EARLIER = "01980000-0000-7000-8000-000000000000"


def an_event(**said: Any) -> dict[str, Any]:
    """What a client must at least send for an event, with `said` over it."""
    return {
        "title": "A policy",
        "event_type": "announcement",
        "participants": [{"id": "jp", "name": "Japan", "role": "party", "jurisdiction": "JP"}],
        "sources": [{"id": "report", "type": "news_article"}],
    } | said


def a_topic(id: str, **said: Any) -> dict[str, Any]:
    """What a client must at least send for a topic, with `said` over it."""
    return {"id": id, "labels": {"en": id}} | said


def create_event(client: FlaskClient, **said: Any) -> dict[str, Any]:
    """An event, recorded over HTTP, as the service answers it."""
    return _created(client, "/v1/events", an_event(**said))


def create_topic(client: FlaskClient, id: str, **said: Any) -> dict[str, Any]:
    """A topic, added over HTTP, as the service answers it."""
    return _created(client, "/v1/topics", a_topic(id, **said))


def _created(client: FlaskClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    response = client.post(url, json=body)
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def a_full_event(**said: Any) -> dict[str, Any]:
    """An event that says something in every field of every part, with `said` over it. It uses the topic `trade`."""
    return {
        "external_ids": [{"scheme": "tracker", "value": "1"}],
        "title": "A policy",
        "names": [{"id": "short", "value": "Policy", "lang": "en", "kind": "short"}],
        "summary": "In short.",
        "description": "At length.",
        "lang": "en",
        "event_type": "agreement",
        "instruments": ["cooperation"],
        "status": "planned",
        "participants": [
            {"id": "jp", "name": "Japan", "role": "party", "jurisdiction": "JP"},
            {
                "id": "minister",
                "name": "The minister",
                "type": "person",
                "role": "spokesperson",
                "jurisdiction": "JP",
                "position": "Minister",
                "on_behalf_of": "jp",
                "as_reported": "the minister",
            },
        ],
        "dates": [
            {"id": "plan", "kind": "launched", "edtf": "2024-04", "modality": "expected"},
            {"id": "launch", "kind": "launched", "edtf": "2024-04-02", "modality": "actual", "resolves": "plan"},
        ],
        "topics": [{"id": "trade", "role": "subject"}],
        "figures": [
            {
                "id": "budget",
                "measure": "budget",
                "label": "Budget",
                "subject": "jp",
                "value": "19.8",
                "comparator": "equal",
                "currency": "EUR",
                "period": "2024",
                "value_type": "estimate",
                "as_reported": "almost 20",
            },
            {"id": "share", "measure": "market_share", "value": "75", "unit": "%"},
        ],
        "statements": [
            {
                "id": "promise",
                "speaker": "minister",
                "text": "We will.",
                "form": "verbatim",
                "kind": "commitment",
                "outcome": "fulfilled",
                "resolved_by": "dates/launch",
            }
        ],
        "sources": [
            {"id": "wire", "type": "news_article"},
            {
                "id": "report",
                "type": "report",
                "tier": "secondary",
                "title": "Report",
                "publisher": "Press",
                "author": "Somebody",
                "url": "https://example.org/report",
                "lang": "en",
                "published": "2024-04-03",
                "accessed_at": "2024-04-04T09:30:00Z",
                "archive_url": "https://example.net/report",
                "derived_from": ["wire"],
            },
        ],
        "citations": [
            {
                "fact": "dates/launch",
                "source": "report",
                "stance": "supports",
                "quote": {"exact": "launched on 2 April", "prefix": "was", "suffix": "in Tokyo", "page": "3"},
            }
        ],
        "relations": [
            {"type": "follows", "event": EARLIER, "note": "The one before."},
            {"type": "cites", "uri": "urn:celex:32024R1252"},
        ],
        "tags": ["materials"],
        "change": {"kind": "enrichment", "reason": "Found it."},
    } | said
