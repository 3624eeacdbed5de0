"""Atom (RFC 4287), in pages (RFC 5005)."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from service.exports.feed_metadata import AUTHOR, Feed, Record, categories_of, content_text, source_urls, urn_of

#: Maximum links to sources in one entry.
_MOST_SOURCES = 10

#: Characters that XML 1.0 cannot represent.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_XML = "http://www.w3.org/XML/1998/namespace"


def atom(feed: Feed, records: Sequence[Record]) -> bytes:
    """Return a page of `feed` with the events `records`, parsed."""
    root = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    _add_text(root, "id", feed.id)
    _add_text(root, "title", feed.title)
    _add_text(root, "updated", max((record["content_changed_at"] for record in records), default=feed.began_at))
    _add_text(SubElement(root, "author"), "name", AUTHOR)
    _add_text(root, "generator", AUTHOR)
    _add_link(root, "self", feed.address, "application/atom+xml")
    _add_link(root, "first", feed.first, "application/atom+xml")
    if feed.next:
        _add_link(root, "next", feed.next, "application/atom+xml")
    for record in records:
        root.append(_entry(feed, record))
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _entry(feed: Feed, record: Record) -> Element:
    entry = Element("entry", {f"{{{_XML}}}lang": record["lang"]} if record["lang"] else {})
    _add_text(entry, "id", urn_of(record))
    _add_text(entry, "title", record["title"])
    _add_text(entry, "updated", record["content_changed_at"])
    _add_text(entry, "published", record["created_at"])
    _add_link(entry, "alternate", feed.address_of(record), "application/json")
    for source in source_urls(record)[:_MOST_SOURCES]:
        _add_link(entry, "related", source)
    for vocabulary, word in categories_of(record):
        scheme = {"scheme": feed.address_of_words(vocabulary)} if vocabulary else {}
        SubElement(entry, "category", {"term": _xml_text(word)} | scheme)
    _add_text(entry, "summary", content_text(record))
    return entry


def _add_text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _xml_text(text)


def _add_link(parent: Element, rel: str, href: str, type_: str | None = None) -> None:
    SubElement(parent, "link", {"rel": rel, "href": _xml_text(href)} | ({"type": type_} if type_ else {}))


def _xml_text(text: str) -> str:
    return text if text.isprintable() else _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
