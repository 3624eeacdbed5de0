"""The forms of an answer beside JSON: their bodies and their headers."""

from typing import Any

from service.http.content_negotiation import EVENT_STREAM, JSONFEED, ONLY_JSON, PARQUET, Format
from service.http.operation import Operation
from service.openapi.examples.events import event_stream, json_feed

#: Headers that some forms have, by which a reader finds out what it has already and what a file is called.
OF_FILES = ("Content-Disposition", "Changes-Cursor")
OF_FEEDS = ("ETag-of-feed", "Last-Modified")

#: JSON Feed 1.1 as far as ours goes; what is not known is left out.
_JSON_FEED: dict[str, Any] = {
    "type": "object",
    "description": "JSON Feed 1.1. What only events have stands in `_policytrail` of each item.",
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

_EVENTS = (
    "Server-sent events: `data` is an entry as on a page, `id` the cursor behind it; in silence a comment at times."
)


def other_forms(contract: Operation) -> dict[str, Any]:
    """The content of an answer in each form but JSON, by media type."""
    return {form.media_types[0]: _content(form) for form in contract.formats if form not in ONLY_JSON}


def header_names(contract: Operation) -> tuple[str, ...]:
    """Headers that an answer has in some of its forms."""
    files = OF_FILES if any(form.is_whole for form in contract.formats) else ()
    return files + (OF_FEEDS if has_feeds(contract) else ())


def has_feeds(contract: Operation) -> bool:
    """Whether a form is a feed, which is not sent again to whoever has it."""
    return any(form.is_feed for form in contract.formats)


def _content(form: Format) -> dict[str, Any]:
    if form is EVENT_STREAM:
        return {"schema": {"type": "string", "description": _EVENTS}, "example": event_stream()}
    if form is JSONFEED:
        return {"schema": _JSON_FEED, "example": json_feed()}
    return {} if form is PARQUET else {"schema": {"type": "string"}}
