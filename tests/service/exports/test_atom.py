"""Atom and JSON Feed: valid by their specifications, whatever a record says."""

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from service.exports.atom import atom
from service.exports.jsonfeed import jsonfeed
from tests import strategies
from tests.factories import a_full_event
from tests.records import FEED, ID, a_date, a_record

ATOM = "{http://www.w3.org/2005/Atom}"

#: JSON Feed 1.1, as jsonfeed.org/version/1.1 has it. Extensions begin with an underscore.
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
_URL = {"type": "string", "pattern": "^https?://"}
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

#: What RFC 4287 demands: how often each element stands in a feed and in an entry (sections 4.1.1, 4.1.2).
_ONCE = (1, 1)
_AT_MOST_ONCE = (0, 1)
_FEED = {"id": _ONCE, "title": _ONCE, "updated": _ONCE, "author": (1, 99), "generator": _AT_MOST_ONCE, "link": (1, 99)}
_ENTRY = {
    "id": _ONCE,
    "title": _ONCE,
    "updated": _ONCE,
    "published": _AT_MOST_ONCE,
    "summary": _AT_MOST_ONCE,
    "link": (1, 99),  # without content there must be one with rel="alternate"
    "category": (0, 999),
}


def parsed(text: bytes) -> ET.Element:
    """The root of XML that we wrote ourselves."""
    return ET.fromstring(text)  # noqa: S314 (ours)


def assert_valid_atom(text: bytes) -> ET.Element:
    """What is missing or too much, by name; then what feedparser thinks of it."""
    root = parsed(text)
    assert root.tag == f"{ATOM}feed"
    entries = list(root.iter(f"{ATOM}entry"))
    for element, allowed in [(root, _FEED | {"entry": (0, 999)}), *((one, _ENTRY) for one in entries)]:
        counts = {name: len(element.findall(f"{ATOM}{name}")) for name in allowed}
        wrong = {name: count for name, count in counts.items() if not allowed[name][0] <= count <= allowed[name][1]}
        assert wrong == {}
        assert {child.tag for child in element} <= {f"{ATOM}{name}" for name in allowed}
    for entry in entries:
        assert [link.get("rel") for link in entry.iter(f"{ATOM}link")].count("alternate") == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(ids) == len(set(ids))
    read = feedparser.parse(text)
    assert (read.bozo, read.version, len(read.entries)) == (False, "atom10", len(ids))
    return root


def wrong_in_json_feed(text: bytes) -> list[str]:
    return [error.message for error in Draft202012Validator(JSON_FEED).iter_errors(json.loads(text))]


def test_an_entry_says_what_the_event_is_and_where() -> None:
    said = a_full_event(summary=None, description=None, tags=["materials", "trade"])
    record = a_record(**said) | {"content_changed_at": "2024-04-03T00:00:00.000000Z"}
    [entry] = assert_valid_atom(atom(FEED, [record])).iter(f"{ATOM}entry")
    assert {name: entry.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated", "published", "summary")} == {
        "id": f"urn:uuid:{ID}",
        "title": "A policy",
        "updated": "2024-04-03T00:00:00.000000Z",
        "published": "2024-04-01T09:30:00.000000Z",
        "summary": "agreement · planned · launched 2024-04-02 · Japan",
    }
    assert [link.attrib for link in entry.iter(f"{ATOM}link")] == [
        {"rel": "alternate", "type": "application/json", "href": f"https://policy.example/v1/events/{ID}"},
        {"rel": "related", "href": "https://example.org/report"},
    ]
    words = "https://policy.example/v1/vocabularies#"
    assert [(one.get("term"), one.get("scheme")) for one in entry.iter(f"{ATOM}category")] == [
        ("agreement", f"{words}event_type"),
        ("planned", f"{words}status"),
        ("cooperation", f"{words}instrument"),
        ("JP", f"{words}jurisdiction"),
        ("trade", None),
        ("materials", None),
    ]
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


def test_pages_lead_to_each_other_and_are_one_feed() -> None:
    first = replace(FEED, address=FEED.first, next=FEED.address)
    roots = [assert_valid_atom(atom(page, [a_record()])) for page in (first, FEED)]
    assert len({root.findtext(f"{ATOM}id") for root in roots}) == 1
    assert [{link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")} for root in roots] == [
        {"self": FEED.first, "first": FEED.first, "next": FEED.address},
        {"self": FEED.address, "first": FEED.first},
    ]
    assert json.loads(jsonfeed(first, []))["next_url"] == FEED.address
    assert "next_url" not in json.loads(jsonfeed(FEED, []))


def test_a_feed_without_entries_is_valid_and_the_same_each_time() -> None:
    assert assert_valid_atom(atom(FEED, [])).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00.000000Z"
    assert wrong_in_json_feed(jsonfeed(FEED, [])) == []


def test_the_feed_is_as_new_as_its_newest_entry() -> None:
    older, newer = a_record(), a_record() | {"content_changed_at": "2024-05-01T00:00:00.000000Z", "id": ID[:-1] + "2"}
    assert assert_valid_atom(atom(FEED, [older, newer])).findtext(f"{ATOM}updated") == newer["content_changed_at"]


def test_what_xml_cannot_write_is_replaced() -> None:
    record = a_record(title="<b>&amp;</b> ]]> \"'")
    record["summary"] = "a\x00b\x0bc\x1fd\ufffee\uffff"  # the schema lets none of these in
    root = assert_valid_atom(atom(FEED, [record]))
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == "<b>&amp;</b> ]]> \"'"
    assert root.findtext(f"{ATOM}entry/{ATOM}summary") == "a�b�c�d�e�"


def test_an_item_says_what_the_event_is_and_more_in_its_extension() -> None:
    record = a_record(**a_full_event())
    text = jsonfeed(FEED, [record])
    assert wrong_in_json_feed(text) == []
    [item] = json.loads(text)["items"]
    extension = item.pop("_policytrail")
    assert item == {
        "id": f"urn:uuid:{ID}",
        "url": f"https://policy.example/v1/events/{ID}",
        "external_url": "https://example.org/report",
        "title": "A policy",
        "summary": "agreement · planned · launched 2024-04-02 · Japan",
        "content_text": "In short.",
        "date_published": "2024-04-01T09:30:00.000000Z",
        "date_modified": "2024-04-01T09:30:00.000000Z",
        "tags": ["agreement", "planned", "cooperation", "JP", "trade", "materials"],
        "language": "en",
    }
    assert extension["about"] == "https://policy.example/docs"
    assert {name: record[name] for name in extension if name != "about"} == {
        name: value for name, value in extension.items() if name != "about"
    }


@settings(max_examples=25)
@given(strategies.events())
def test_every_record_makes_a_valid_entry(event: dict[str, Any]) -> None:
    record = a_record(**event)
    root = assert_valid_atom(atom(FEED, [record]))
    normalized = record["title"].replace("\r\n", "\n").replace("\r", "\n")  # as every reader of XML does
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == normalized
    assert wrong_in_json_feed(jsonfeed(FEED, [record])) == []


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({}, "announcement · Japan"),
        ({"dates": [a_date("2024-33", "expected")]}, "announcement · launched 2024-33 (expected) · Japan"),
        ({"status": "in_force", "event_type": "export_control"}, "export control · in force · Japan"),
    ],
)
def test_an_event_without_words_of_its_own_is_told_by_its_facts(said: dict[str, Any], line: str) -> None:
    [item] = json.loads(jsonfeed(FEED, [a_record(**said)]))["items"]
    assert item["content_text"] == line
