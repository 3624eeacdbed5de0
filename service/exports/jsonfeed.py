"""JSON Feed 1.1 (jsonfeed.org), with the fields of events in the extension `_policytrail`."""

from collections.abc import Sequence
from typing import Any

from service.exports.feed_metadata import (
    AUTHOR,
    Feed,
    Record,
    categories_of,
    content_text,
    fact_line,
    source_urls,
    urn_of,
)
from service.strict_json import render

VERSION = "https://jsonfeed.org/version/1.1"

#: Fields of an event that the extension contains unchanged.
_EXTENSION = (
    "event_type",
    "instruments",
    "status",
    "verification",
    "participants",
    "dates",
    "topics",
    "figures",
    "external_ids",
    "version",
    "updated_at",
)


def jsonfeed(feed: Feed, records: Sequence[Record]) -> bytes:
    """Return a page of `feed` with the events `records`, parsed."""
    page = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": f"{feed.service}/",
        "feed_url": feed.address,
        "next_url": feed.next,
        "authors": [{"name": AUTHOR}],
        "items": [_item(feed, record) for record in records],
    }
    return render(_without_null(page))


def _item(feed: Feed, record: Record) -> dict[str, Any]:
    return _without_null(
        {
            "id": urn_of(record),
            "url": feed.address_of(record),
            "external_url": next(iter(source_urls(record)), None),
            "title": record["title"],
            "summary": fact_line(record),
            "content_text": content_text(record),
            "date_published": record["created_at"],
            "date_modified": record["content_changed_at"],
            "tags": list(dict.fromkeys(word for _, word in categories_of(record))),
            "language": record["lang"],
            "_policytrail": {"about": f"{feed.service}/docs"} | {name: record[name] for name in _EXTENSION},
        }
    )


def _without_null(members: dict[str, Any]) -> dict[str, Any]:
    """Return the members without nulls, which the format does not allow."""
    return {name: value for name, value in members.items() if value is not None}
