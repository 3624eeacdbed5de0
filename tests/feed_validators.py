"""Validators of Atom and JSON Feed."""

import json
import re
from xml.etree import ElementTree as ET

import feedparser
from jsonschema import Draft202012Validator

ATOM = "{http://www.w3.org/2005/Atom}"

#: The JSON Schema of JSON Feed 1.1 (jsonfeed.org/version/1.1). Extensions begin with an underscore.
_AUTHORS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "url": {"type": "string"}, "avatar": {"type": "string"}},
        "minProperties": 1,
        "additionalProperties": False,
    },
}
_RFC3339 = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
_ESCAPED = "%[0-9A-F]{2}"
#: A URI by RFC 3986, appendix A, with http or https.
URI = (
    rf"^https?://(\[[0-9a-f:.]+\]|([A-Za-z0-9._~!$&'()*+,;=-]|{_ESCAPED})+)(:[0-9]+)?"
    rf"(/([A-Za-z0-9._~!$&'()*+,;=:@-]|{_ESCAPED})*)*"
    rf"(\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|{_ESCAPED})*)?(#([A-Za-z0-9._~!$&'()*+,;=:@/?-]|{_ESCAPED})*)?$"
)
_URL = {"type": "string", "pattern": URI}
JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"},
        "home_page_url": _URL,
        "feed_url": _URL,
        "next_url": _URL,
        "description": {"type": "string"},
        "user_comment": {"type": "string"},
        "icon": _URL,
        "favicon": _URL,
        "authors": _AUTHORS,
        "language": {"type": "string"},
        "expired": {"type": "boolean"},
        "hubs": {"type": "array"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "url": _URL,
                    "external_url": _URL,
                    "title": {"type": "string"},
                    "content_html": {"type": "string"},
                    "content_text": {"type": "string"},
                    "summary": {"type": "string"},
                    "image": _URL,
                    "banner_image": _URL,
                    "date_published": _RFC3339,
                    "date_modified": _RFC3339,
                    "authors": _AUTHORS,
                    "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
                    "language": {"type": "string"},
                    "attachments": {"type": "array"},
                },
                "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
                "patternProperties": {"^_[A-Za-z0-9]+$": {"type": "object"}},
                "additionalProperties": False,
            },
        },
    },
    "patternProperties": {"^_[A-Za-z0-9]+$": {"type": "object"}},
    "additionalProperties": False,
}

#: RFC 4287, sections 4.1.1 and 4.1.2: how often each element occurs in a feed and in an entry.
_ONCE = (1, 1)
_AT_MOST_ONCE = (0, 1)
_FEED = {"id": _ONCE, "title": _ONCE, "updated": _ONCE, "author": (1, 99), "generator": _AT_MOST_ONCE, "link": (1, 99)}
_ENTRY = {
    "id": _ONCE,
    "title": _ONCE,
    "updated": _ONCE,
    "published": _AT_MOST_ONCE,
    "summary": _AT_MOST_ONCE,
    "link": (1, 99),  # without content one must have rel="alternate"
    "category": (0, 999),
}


def parse_xml(text: bytes) -> ET.Element:
    """Return the root of an XML document of our own."""
    return ET.fromstring(text)  # noqa: S314 (ours)


def assert_valid_atom(text: bytes) -> ET.Element:
    """Check the feed by RFC 4287 and by feedparser, and return its root."""
    root = parse_xml(text)
    assert root.tag == f"{ATOM}feed"
    entries = list(root.iter(f"{ATOM}entry"))
    for element, allowed in [(root, _FEED | {"entry": (0, 999)}), *((one, _ENTRY) for one in entries)]:
        counts = {name: len(element.findall(f"{ATOM}{name}")) for name in allowed}
        wrong = {name: count for name, count in counts.items() if not allowed[name][0] <= count <= allowed[name][1]}
        assert wrong == {}
        assert {child.tag for child in element} <= {f"{ATOM}{name}" for name in allowed}
    for entry in entries:
        assert [link.get("rel") for link in entry.iter(f"{ATOM}link")].count("alternate") == 1
        assert [link.get("href") for link in entry.iter(f"{ATOM}link") if not re.match(URI, link.get("href", ""))] == []
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(ids) == len(set(ids))
    feed = feedparser.parse(text)
    assert (feed.bozo, feed.version, len(feed.entries)) == (False, "atom10", len(ids))
    return root


def json_feed_errors(text: bytes) -> list[str]:
    """Return the errors of a feed by JSON Feed 1.1."""
    return [error.message for error in Draft202012Validator(JSON_FEED).iter_errors(json.loads(text))]
