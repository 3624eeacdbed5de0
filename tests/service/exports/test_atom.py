"""Atom: valid by its specification, whatever a record contains."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from service.exports.atom import atom
from tests import strategies
from tests.factories import a_full_event
from tests.feed_validators import ATOM, assert_valid_atom
from tests.records import FEED, ID, a_record


def test_a_source_is_a_uri_however_it_is_written() -> None:
    urls = ["https://exa|mple.org/", "HTTP://例え.jp/é|x?{a}#[b]"]
    record = a_record(**a_full_event())
    record["sources"] = [record["sources"][0] | {"url": url} for url in urls]
    [entry] = assert_valid_atom(atom(FEED, [record])).iter(f"{ATOM}entry")
    assert [link.get("href") for link in entry.iter(f"{ATOM}link") if link.get("rel") == "related"] == [
        "http://xn--r8jz45g.jp/%C3%A9%7Cx?%7Ba%7D#%5Bb%5D"
    ]


def test_an_entry_has_the_facts_and_links_of_the_event() -> None:
    content = a_full_event(summary=None, description=None, tags=["materials", "trade"])
    record = a_record(**content) | {"content_changed_at": "2024-04-03T00:00:00.000000Z"}
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


def test_pages_link_to_each_other_and_share_one_id() -> None:
    first = replace(FEED, address=FEED.first, next=FEED.address)
    roots = [assert_valid_atom(atom(page, [a_record()])) for page in (first, FEED)]
    assert len({root.findtext(f"{ATOM}id") for root in roots}) == 1
    assert [{link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")} for root in roots] == [
        {"self": FEED.first, "first": FEED.first, "next": FEED.address},
        {"self": FEED.address, "first": FEED.first},
    ]


def test_an_empty_feed_is_valid_and_constant() -> None:
    assert assert_valid_atom(atom(FEED, [])).findtext(f"{ATOM}updated") == FEED.began_at


def test_a_feed_has_the_time_of_its_newest_entry() -> None:
    older, newer = a_record(), a_record() | {"content_changed_at": "2024-05-01T00:00:00.000000Z", "id": ID[:-1] + "2"}
    assert assert_valid_atom(atom(FEED, [older, newer])).findtext(f"{ATOM}updated") == newer["content_changed_at"]


def test_characters_outside_xml_are_replaced() -> None:
    record = a_record(title="<b>&amp;</b> ]]> \"'")
    record["summary"] = "a\x00b\x0bc\x1fd\ufffee\uffff"  # the schema refuses these
    root = assert_valid_atom(atom(FEED, [record]))
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == "<b>&amp;</b> ]]> \"'"
    assert root.findtext(f"{ATOM}entry/{ATOM}summary") == "a�b�c�d�e�"


@settings(max_examples=25)
@given(strategies.events())
def test_every_record_makes_a_valid_entry(event: dict[str, Any]) -> None:
    record = a_record(**event)
    root = assert_valid_atom(atom(FEED, [record]))
    normalized = record["title"].replace("\r\n", "\n").replace("\r", "\n")  # like every XML parser
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == normalized
