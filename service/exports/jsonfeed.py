"""JSON Feed 1.1 (jsonfeed.org), with what only events have in `_policytrail`."""

from collections.abc import Sequence
from typing import Any

from service.exports.feed_metadata import AUTHOR, Feed, Record, facts_of, id_of, labels_of, sources_of, text_of
from service.strict_json import render

VERSION = "https://jsonfeed.org/version/1.1"

#: Fields of an event that its extension takes over as they are.
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
    """The page of `feed` that holds `records`, events parsed."""
    said = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": f"{feed.service}/",
        "feed_url": feed.address,
        "next_url": feed.next,
        "authors": [{"name": AUTHOR}],
        "items": [_item(feed, record) for record in records],
    }
    return render(_known(said))


def _item(feed: Feed, record: Record) -> dict[str, Any]:
    return _known(
        {
            "id": id_of(record),
            "url": feed.address_of(record),
            "external_url": next(iter(sources_of(record)), None),
            "title": record["title"],
            "summary": facts_of(record),
            "content_text": text_of(record),
            "date_published": record["created_at"],
            "date_modified": record["content_changed_at"],
            "tags": list(dict.fromkeys(word for _, word in labels_of(record))),
            "language": record["lang"],
            "_policytrail": {"about": f"{feed.service}/docs"} | {name: record[name] for name in _EXTENSION},
        }
    )


def _known(said: dict[str, Any]) -> dict[str, Any]:
    """Without what is null, which the format does not know."""
    return {name: value for name, value in said.items() if value is not None}
