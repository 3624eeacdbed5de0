"""JSON Feed: valid by its specification, whatever a record contains."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from service.exports.jsonfeed import jsonfeed
from tests import strategies
from tests.factories import a_full_event
from tests.feed_validators import json_feed_errors
from tests.records import FEED, ID, a_date, a_record


def test_a_source_is_a_uri_however_it_is_written() -> None:
    urls = ["https://exa|mple.org/", "HTTP://例え.jp/é|x?{a}#[b]"]
    record = a_record(**a_full_event())
    record["sources"] = [record["sources"][0] | {"url": url} for url in urls]
    text = jsonfeed(FEED, [record])
    assert json_feed_errors(text) == []
    assert json.loads(text)["items"][0]["external_url"] == "http://xn--r8jz45g.jp/%C3%A9%7Cx?%7Ba%7D#%5Bb%5D"


def test_an_item_has_the_facts_of_the_event_and_an_extension() -> None:
    record = a_record(**a_full_event())
    text = jsonfeed(FEED, [record])
    assert json_feed_errors(text) == []
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


def test_a_page_links_to_the_next_one() -> None:
    first = replace(FEED, address=FEED.first, next=FEED.address)
    assert json.loads(jsonfeed(first, []))["next_url"] == FEED.address
    assert "next_url" not in json.loads(jsonfeed(FEED, []))


def test_an_empty_feed_is_valid() -> None:
    assert json_feed_errors(jsonfeed(FEED, [])) == []


@settings(max_examples=25)
@given(strategies.events())
def test_every_record_makes_a_valid_item(event: dict[str, Any]) -> None:
    assert json_feed_errors(jsonfeed(FEED, [a_record(**event)])) == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({}, "announcement · Japan"),
        ({"dates": [a_date("2024-33", "expected")]}, "announcement · launched 2024-33 (expected) · Japan"),
        ({"status": "in_force", "event_type": "export_control"}, "export control · in force · Japan"),
    ],
)
def test_an_event_without_text_has_a_line_of_facts(content: dict[str, Any], line: str) -> None:
    [item] = json.loads(jsonfeed(FEED, [a_record(**content)]))["items"]
    assert item["content_text"] == line
