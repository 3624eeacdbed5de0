"""Examples of request and response bodies. Tests send the requests, and load all through their schemas."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from schemas.events import NewEventSchema
from schemas.meta import vocabulary_documents
from schemas.topics import NewTopicSchema
from service.errors import CursorExpired, Forbidden, Moved, ServiceError, TooManyRequests
from service.events.normalize import normalize
from service.events.topics import first_topic
from service.http.operation import JSON_PATCH, MERGE_PATCH
from service.http.problems import STATUS, title_of
from service.openapi.examples import imports, search, tables, webhooks

NOW = datetime(2024, 4, 2, 9, 30, tzinfo=UTC)
_WRITTEN = "2024-04-02T09:30:00.000000Z"

EVENT_ID = "018e9a2c-6a00-7000-8000-000000000001"
_OTHER_ID = "018e9a2c-6a00-7000-8000-000000000002"
REQUEST_ID = "018e9a2c-6a00-7000-8000-0000000000ff"
_KEY_ID = "018e9a2c-6a00-7000-8000-00000000000a"

#: The path arguments.
ARGUMENTS: dict[str, str | int] = {
    "event_id": EVENT_ID,
    "version": 1,
    "scheme": "our-tracker",
    "value": "42",
    "topic_id": "advanced-materials",
    "key_id": _KEY_ID,
    "code": "invalid",
    "digest": "0123456789abcdef",
    "asset": "swagger-ui.css",
    "suffix": "csv",
    **imports.ARGUMENTS,
    **webhooks.ARGUMENTS,
}

_NEW_EVENT: dict[str, Any] = {
    "external_ids": [{"scheme": "our-tracker", "value": "42"}],
    "title": "EU-Japan Dialogue on Advanced Materials",
    "event_type": "dialogue",
    "status": "planned",
    "participants": [
        {"id": "eu", "name": "European Union", "role": "party", "jurisdiction": "EU"},
        {"id": "japan", "name": "Japan", "role": "party", "jurisdiction": "JP"},
    ],
    "dates": [{"id": "launch", "kind": "launched", "edtf": "2024-04", "modality": "expected"}],
    "figures": [
        {
            "id": "eu-2020",
            "measure": "investment",
            "subject": "eu",
            "value": "19800000000",
            "currency": "EUR",
            "period": "2020",
        }
    ],
    "sources": [{"id": "nikkei", "type": "news_article", "tier": "secondary", "publisher": "NIKKEI"}],
    "citations": [{"fact": "figures/eu-2020", "source": "nikkei", "stance": "supports"}],
}

_NEW_TOPIC: dict[str, Any] = {
    "id": "perovskites",
    "labels": {"en": "perovskites", "ja": "ペロブスカイト"},
    "broader": [],
}

#: The request bodies, by the name of their schema.
REQUESTS: dict[str, Any] = {
    "NewEvent": _NEW_EVENT,
    "NewTopic": _NEW_TOPIC,
    "NewKey": {"name": "The team's importer", "scopes": ["events:read", "events:write"]},
    "Merge": {"into": _OTHER_ID},
    "Search": {
        "topic": "advanced-materials",
        "any": [{"party": ["JP", "EU"]}, {"affected": "JP"}],
        "not": {"status": ["cancelled", "withdrawn"]},
        "date_from": "2024",
        "sort": "-date,title",
        "limit": 20,
    },
    **webhooks.REQUESTS,
}

#: The patches, by schema and media type.
PATCHES: dict[tuple[str, str], Any] = {
    ("Event", MERGE_PATCH): {"tags": ["batteries"], "change": {"kind": "enrichment", "reason": "Tagged."}},
    ("Event", JSON_PATCH): [
        {"op": "test", "path": "/status", "value": "planned"},
        {"op": "replace", "path": "/status", "value": "launched"},
    ],
    ("Topic", MERGE_PATCH): {"labels": {"de": "Perowskite"}},
    ("Topic", JSON_PATCH): [{"op": "add", "path": "/labels/de", "value": "Perowskite"}],
    **webhooks.PATCHES,
}


@cache
def _event() -> dict[str, Any]:
    return normalize(NewEventSchema().load(_NEW_EVENT), id=EVENT_ID, now=NOW)


def _topic() -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(first_topic(NewTopicSchema().load(_NEW_TOPIC), NOW).document)
    return document


def _page(of: Callable[[], Any], **more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"items": [of()], "next": None, **more}


def _revision() -> dict[str, Any]:
    return {
        "version": 1,
        "recorded_at": _WRITTEN,
        "record_state": "active",
        "change": {"kind": None, "reason": None},
        "key": {"name": "The policy team"},
        "url": f"/v1/events/{EVENT_ID}/revisions/1",
    }


def _difference() -> dict[str, Any]:
    second = {
        "version": 2,
        "change": {"kind": "enrichment", "reason": "Tagged."},
        "url": f"/v1/events/{EVENT_ID}/revisions/2",
    }
    return {
        "from": 1,
        "to": 2,
        "patch": [{"op": "add", "path": "/tags/0", "value": "batteries"}],
        "changes": [_revision() | second],
        "next": None,
    }


def _relation() -> dict[str, Any]:
    return {
        "direction": "outgoing",
        "type": "follows",
        "event": {"id": _OTHER_ID, "title": "EU-Japan Digital Partnership", "record_state": "active"},
        "uri": None,
        "note": None,
    }


def _feed() -> dict[str, Any]:
    entry = {
        "seq": 41,
        "kind": "create",
        "event_id": EVENT_ID,
        "version": 1,
        "change": {"kind": None},
        "changed": None,
        "occurred_at": _WRITTEN,
        "key": {"name": "The policy team"},
        "merged_into": None,
        "document": _event(),
    }
    return {"items": [entry], "cursor": "3b241101-e2bb-4255-8caf-4136c566a962:41", "more": False}


def event_stream() -> str:
    """Return the page of the change feed as server-sent events, without the document."""
    [entry], cursor = _feed()["items"], _feed()["cursor"]
    return f"retry: 2000\n\nid: {cursor}\ndata: {orjson.dumps(entry | {'document': None}).decode()}\n\n"


def _key() -> dict[str, Any]:
    return {
        "id": _KEY_ID,
        "name": "The team's importer",
        "public_name": "The policy team",
        "prefix": "ptk_AbCd",
        "scopes": ["events:read", "events:write"],
        "created_at": _WRITTEN,
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }


def _me() -> dict[str, Any]:
    key = {name: value for name, value in _key().items() if name in ("id", "name", "scopes", "expires_at")}
    return key | {"limits": [{"name": "key", "requests": 6000, "seconds": 60}]}


def _vocabularies() -> dict[str, Any]:
    """Return each vocabulary with its first word only."""
    return {name: document | {"words": document["words"][:1]} for name, document in vocabulary_documents().items()}


def _linkset() -> dict[str, Any]:
    links = {name: [{"href": address, "type": "application/json"}] for name, address in _LINKS.items()}
    return {"linkset": [{"anchor": "/v1", **links}]}


_LINKS = {
    "service-desc": "/openapi.json",
    "service-doc": "/docs",
    "service-meta": "/v1/vocabularies",
    "status": "/readyz",
    "item": "/v1/events",
}

#: The response bodies, by the name of their schema.
_RESPONSES: dict[str, Callable[[], Any]] = {
    "Event": _event,
    "EventPage": _page(_event, cursor=None, count=None, **search.OF_PAGE),
    "SimilarPage": lambda: search.similar(_event()),
    "Topic": _topic,
    "TopicPage": _page(_topic),
    "RevisionPage": _page(_revision),
    "Diff": _difference,
    "EventRelationPage": _page(_relation),
    "FigurePage": lambda: tables.figures(_event()),
    "Agenda": lambda: tables.agenda(_event()),
    "FeedEntryPage": _feed,
    "Vocabularies": _vocabularies,
    "Key": _key,
    "KeyPage": _page(_key),
    "IssuedKey": lambda: _key() | {"key": "ptk_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"},
    "Me": _me,
    "ProblemType": lambda: {
        "type": "/problems/invalid",
        "title": "The request was understood, but is not valid.",
        "status": 422,
    },
    "Linkset": _linkset,
    "Health": lambda: {"status": "pass", "checks": {"database": "pass", "migrations": "pass"}},
    "OpenApi": lambda: {"openapi": "3.1.0", "info": {"title": "Policytrail", "version": "1"}, "paths": {}},
    **imports.RESPONSES,
    **search.RESPONSES,
    **webhooks.RESPONSES,
}


def responses() -> dict[str, Any]:
    """Return the response bodies by the name of their schema."""
    return {name: example() for name, example in _RESPONSES.items()}


def components() -> dict[str, Any]:
    """Return every example as an OpenAPI component."""
    return {name: {"value": value} for name, value in (REQUESTS | responses()).items()}


def json_feed() -> Any:
    """Return a JSON Feed of the example."""
    return tables.feed(_event())


def problem_example(error: type[ServiceError]) -> dict[str, Any]:
    """Return a problem of this class."""
    detail, faults = _DETAILS.get(error, (title_of(error), None))
    problem = {
        "type": f"/problems/{error.code}",
        "title": title_of(error),
        "status": STATUS[error],
        "detail": detail,
        "errors": faults,
        "request_id": REQUEST_ID,
    }
    return {name: value for name, value in problem.items() if value is not None}


_DETAILS: dict[type[ServiceError], tuple[str, list[dict[str, str]] | None]] = {
    Moved: (f"The event {EVENT_ID} was merged into the event {_OTHER_ID}.", None),
    CursorExpired: (
        "The cursor is older than the oldest entry of the feed. Start again with GET /v1/events?snapshot=true.",
        None,
    ),
    Forbidden: ("The API key lacks the scope events:write.", None),
    TooManyRequests: ("6000 requests in 60 seconds are allowed.", None),
}
