"""Atom (RFC 4287), in pages (RFC 5005)."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from service.exports.feed_metadata import AUTHOR, NEVER, Feed, Record, id_of, labels_of, sources_of, text_of

#: Sources that an entry links to at most.
_MOST_SOURCES = 10

#: Characters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_XML = "http://www.w3.org/XML/1998/namespace"


def atom(feed: Feed, records: Sequence[Record]) -> bytes:
    """The page of `feed` that holds `records`, events parsed."""
    root = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    _say(root, "id", feed.id)
    _say(root, "title", feed.title)
    _say(root, "updated", max((record["content_changed_at"] for record in records), default=NEVER))
    _say(SubElement(root, "author"), "name", AUTHOR)
    _say(root, "generator", AUTHOR)
    _link(root, "self", feed.address, "application/atom+xml")
    _link(root, "first", feed.first, "application/atom+xml")
    if feed.next:
        _link(root, "next", feed.next, "application/atom+xml")
    for record in records:
        root.append(_entry(feed, record))
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: Feed, record: Record) -> Element:
    entry = Element("entry", {f"{{{_XML}}}lang": record["lang"]} if record["lang"] else {})
    _say(entry, "id", id_of(record))
    _say(entry, "title", record["title"])
    _say(entry, "updated", record["content_changed_at"])
    _say(entry, "published", record["created_at"])
    _link(entry, "alternate", feed.address_of(record), "application/json")
    for source in sources_of(record)[:_MOST_SOURCES]:
        _link(entry, "related", source)
    for vocabulary, word in labels_of(record):
        scheme = {"scheme": feed.address_of_words(vocabulary)} if vocabulary else {}
        SubElement(entry, "category", {"term": _written(word)} | scheme)
    _say(entry, "summary", text_of(record))
    return entry


def _say(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _written(text)


def _link(parent: Element, rel: str, href: str, type_: str | None = None) -> None:
    SubElement(parent, "link", {"rel": rel, "href": _written(href)} | ({"type": type_} if type_ else {}))


def _written(text: str) -> str:
    return text if text.isprintable() else _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
