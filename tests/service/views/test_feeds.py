"""Feeds: the newest of what a filter selects, found again cheaply."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from werkzeug.http import http_date, parse_date
from werkzeug.test import TestResponse

from tests.answers import body
from tests.copies import multiply
from tests.factories import create_event
from tests.feed_validators import ATOM, assert_valid_atom, json_feed_errors, parse_xml
from tests.records import a_date
from tests.service.conftest import running
from tests.service.problems import problem_of

FEEDS = ["/v1/events.atom", "/v1/events.jsonfeed", "/v1/events.ics"]


def titles(answer: TestResponse) -> list[str]:
    """The titles of the entries, in their order."""
    match answer.mimetype:
        case "application/atom+xml":
            entries = assert_valid_atom(answer.data).iter(f"{ATOM}entry")
            return [entry.findtext(f"{ATOM}title") or "" for entry in entries]
        case "application/feed+json":
            assert json_feed_errors(answer.data) == []
            return [item["title"] for item in json.loads(answer.data)["items"]]
    return [str(entry["SUMMARY"]).partition(":")[0] for entry in Calendar.from_ical(answer.data).events]


def followed(client: FlaskClient, address: str) -> Iterator[TestResponse]:
    """The pages of a feed, each by the link of the one before."""
    while address:
        answer = client.get(address)
        yield answer
        links = {link.get("rel"): link.get("href") for link in parse_xml(answer.data).findall(f"{ATOM}link")}
        address = (links.get("next") or "").removeprefix("http://localhost")


@pytest.mark.parametrize("address", FEEDS)
def test_what_was_written_last_comes_first(client: FlaskClient, address: str) -> None:
    dates = [a_date("2024-04")]
    events = [create_event(client, title=title, dates=dates) for title in ("A", "B", "C")]
    client.patch(f"/v1/events/{events[0]['id']}", json={"summary": "New."}, headers={"If-Match": "*"})
    assert titles(client.get(address)) == ["A", "C", "B"]
    assert titles(client.get(f"{address}?sort=title&limit=2")) == ["A", "B"]
    assert titles(client.get(f"{address}?party=FR")) == []


@pytest.mark.parametrize("address", FEEDS)
def test_what_was_deleted_or_merged_is_shown_no_more(client: FlaskClient, address: str) -> None:
    dates = [a_date("2024-04")]
    gone, merged, stays = (create_event(client, title=title, dates=dates)["id"] for title in ("A", "B", "C"))
    client.delete(f"/v1/events/{gone}", headers={"If-Match": "*"})
    assert client.post(f"/v1/events/{merged}/merge", json={"into": stays}, headers={"If-Match": "*"}).status_code == 200
    assert titles(client.get(address)) == ["C"]


def test_pages_of_atom_hold_every_event_once(client: FlaskClient) -> None:
    expected = [create_event(client, title=f"Policy {number}")["title"] for number in range(5)]
    pages = list(followed(client, "/v1/events.atom?limit=2&party=JP"))
    assert [len(titles(page)) for page in pages] == [2, 2, 1]
    assert [title for page in pages for title in titles(page)] == expected[::-1]
    assert len({parse_xml(page.data).findtext(f"{ATOM}id") for page in pages}) == 1
    first, following = pages[0].headers["Link"].split(", ")
    assert first == '</v1/events.atom?limit=2&party=JP>; rel="first"'
    assert following.startswith("</v1/events.atom?limit=2&party=JP&cursor=")
    assert body(client.get("/v1/events.jsonfeed?limit=2"))["next_url"].startswith(
        "http://localhost/v1/events.jsonfeed?"
    )


def test_a_page_of_a_feed_is_no_page_of_a_list(client: FlaskClient) -> None:
    for _ in range(3):
        create_event(client)
    cursor = body(client.get("/v1/events?limit=1&sort=-updated_at"))["next"].partition("cursor=")[2]
    assert problem_of(client.get(f"/v1/events.atom?cursor={cursor}")).status == 400


def test_a_feed_has_as_many_entries_as_a_page_and_a_calendar_as_many_as_may_be(
    client: FlaskClient, conn: psycopg.Connection
) -> None:
    create_event(client, dates=[a_date("2024-04")])
    multiply(conn, 250)
    sizes = [client.get(address).data.count(mark) for address, mark in zip(FEEDS, _MARKS, strict=True)]
    assert sizes == [20, 20, 200]
    assert client.get("/v1/events.atom?limit=1000").data.count(_MARKS[0]) == 200
    assert client.get("/v1/events.ics?limit=3").data.count(_MARKS[2]) == 3


_MARKS = [b"<entry>", b'"date_published"', b"BEGIN:VEVENT"]


def test_a_feed_names_its_filters_and_its_address(client: FlaskClient) -> None:
    feed = body(client.get("/v1/events?format=jsonfeed&party=JP,EU&limit=5&pretty"))
    assert {name: feed[name] for name in ("title", "feed_url", "home_page_url")} == {
        "title": "Policytrail: party=JP,EU",
        "feed_url": "http://localhost/v1/events?format=jsonfeed&party=JP,EU&limit=5&pretty",
        "home_page_url": "http://localhost/",
    }


def test_feeds_have_the_public_url_if_it_is_set(database: str) -> None:
    with running(database, public_url="https://policy.example/api/") as app:
        feed = body(app.test_client().get("/v1/events.jsonfeed"))
    assert (feed["feed_url"], feed["home_page_url"]) == (
        "https://policy.example/api/v1/events.jsonfeed",
        "https://policy.example/api/",
    )


@pytest.mark.parametrize("address", FEEDS)
def test_a_client_that_has_the_feed_gets_304(client: FlaskClient, address: str) -> None:
    create_event(client, dates=[a_date("2024-04")])
    answer = client.get(address)
    tag = answer.headers["ETag"]

    known = client.get(address, headers={"If-None-Match": tag})
    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", tag)
    assert "Content-Type" not in known.headers

    create_event(client, title="Another", dates=[a_date("2024-05")])
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("address", FEEDS)
def test_a_gzipped_feed_is_known_as_such(client: FlaskClient, address: str) -> None:
    for number in range(5):
        create_event(client, title=f"Policy {number}", dates=[a_date("2024-04")])
    plain, zipped = client.get(address), client.get(address, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(zipped.data) == plain.data
    assert zipped.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    again = client.get(address, headers={"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("address", FEEDS)
def test_if_modified_since_answers_304_only_for_a_feed_without_later_writes(
    client: FlaskClient, conn: psycopg.Connection, address: str
) -> None:
    create_event(client, dates=[a_date("2024-04")])
    # Just written: a second write in the same second would have the same date.
    modified = client.get(address).headers["Last-Modified"]
    assert parse_date(modified) <= datetime.now(UTC)  # type: ignore[operator]  # it is one
    since = {"If-Modified-Since": modified}
    _write_at(conn, datetime.now(UTC) - timedelta(minutes=5))
    answer = client.get(address)
    since = {"If-Modified-Since": answer.headers["Last-Modified"]}
    assert client.get(address, headers=since).status_code == 304
    earlier = datetime.now(UTC) - timedelta(minutes=6)
    assert client.get(address, headers={"If-Modified-Since": http_date(earlier)}).status_code == 200
    assert client.get(address, headers=since | {"If-None-Match": '"other"'}).status_code == 200
    assert client.get(address, headers={"If-Modified-Since": "yesterday"}).status_code == 200


def _write_at(conn: psycopg.Connection, instant: datetime) -> None:
    """Let the one event have been written at that instant."""
    text = instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    conn.execute(
        """
        UPDATE event
           SET updated_at = %(instant)s,
               document = convert_to(regexp_replace(convert_from(document, 'UTF8'), '"updated_at":"[^"]*"',
                                                    '"updated_at":"' || %(text)s || '"'), 'UTF8')
        """,
        {"instant": instant, "text": text},
    )
    conn.commit()


def test_a_feed_of_nothing_has_no_date(client: FlaskClient) -> None:
    answers: list[Any] = [client.get(address) for address in FEEDS]
    assert ["Last-Modified" in answer.headers for answer in answers] == [False] * 3
    assert [client.get(a, headers={"If-Modified-Since": http_date(datetime.now(UTC))}).status_code for a in FEEDS] == [
        200
    ] * 3


def test_an_empty_atom_feed_was_updated_when_the_service_began(client: FlaskClient, conn: psycopg.Connection) -> None:
    began = conn.execute("SELECT min(applied_at) FROM schema_migration").fetchone()
    first, second = client.get("/v1/events.atom"), client.get("/v1/events.atom")
    updated = re.search("<updated>(.+?)</updated>", first.text)
    assert updated
    assert (datetime.fromisoformat(updated[1]),) == began
    assert first.headers["ETag"] == second.headers["ETag"]


def test_head_has_the_headers_of_get(client: FlaskClient) -> None:
    create_event(client, dates=[a_date("2024-04")])
    for address in FEEDS:
        read, head = client.get(address), client.head(address)
        # The time of a write in this second is rounded as soon as the second has passed.
        own = {"X-Request-Id": "each its own", "Last-Modified": "rounded up"}
        assert ("Last-Modified" in head.headers) is ("Last-Modified" in read.headers)
        assert (head.status_code, head.data, dict(head.headers) | own) == (200, b"", dict(read.headers) | own)
