"""The formats of a response beside JSON: their bodies and their headers."""

from typing import Any

from service.http.content_negotiation import EVENT_STREAM, JSONFEED, ONLY_JSON, PARQUET, Format
from service.http.operation import Operation
from service.openapi.examples.events import event_stream, json_feed

#: The headers of files and of feeds.
OF_FILES = ("Content-Disposition", "Changes-Cursor")
OF_FEEDS = ("ETag-of-feed", "Last-Modified")

#: The members of JSON Feed 1.1 that the feed has; unknown ones are left out.
_JSON_FEED: dict[str, Any] = {
    "type": "object",
    "description": "JSON Feed 1.1. `_policytrail` of each item holds the members that only events have.",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"type": "string", "const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"},
        "home_page_url": {"type": "string", "format": "uri"},
        "feed_url": {"type": "string", "format": "uri"},
        "next_url": {"type": "string", "format": "uri"},
        "authors": {"type": "array", "items": {"type": "object"}},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "url", "title", "content_text", "_policytrail"],
                "properties": {
                    "id": {"type": "string"},
                    "url": {"type": "string", "format": "uri"},
                    "external_url": {"type": "string", "format": "uri"},
                    "title": {"type": "string"},
                    "summary": {"type": "string"},
                    "content_text": {"type": "string"},
                    "date_published": {"type": "string", "format": "date-time"},
                    "date_modified": {"type": "string", "format": "date-time"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "language": {"type": "string"},
                    "_policytrail": {"type": "object"},
                },
            },
        },
    },
}

_EVENTS = "Server-sent events: `data` is an entry as on a page, `id` the cursor after it; comments keep it alive."


def other_formats(contract: Operation) -> dict[str, Any]:
    """Return the content of a response in each format but JSON, by media type."""
    return {form.media_types[0]: _content(form) for form in contract.formats if form not in ONLY_JSON}


def header_names(contract: Operation) -> tuple[str, ...]:
    """Return the names of the headers that a response has in some of its formats."""
    files = OF_FILES if any(form.is_whole for form in contract.formats) else ()
    return files + (OF_FEEDS if has_feeds(contract) else ())


def has_feeds(contract: Operation) -> bool:
    """Return whether one of the formats is a feed."""
    return any(form.is_feed for form in contract.formats)


def _content(form: Format) -> dict[str, Any]:
    if form is EVENT_STREAM:
        return {"schema": {"type": "string", "description": _EVENTS}, "example": event_stream()}
    if form is JSONFEED:
        return {"schema": _JSON_FEED, "example": json_feed()}
    return {} if form is PARQUET else {"schema": {"type": "string"}}
