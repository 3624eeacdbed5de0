"""Keys of sources: one for each document."""

import psycopg
import pytest
from flask.testing import FlaskClient

from service.search.index.reindex import index_events
from service.search.index.source_keys import url_key
from tests.factories import an_event, create_event

DOCUMENT = "https://www.agency.example/register/é?id=7&lang=en#/doc/1"


@pytest.mark.parametrize(
    "spelling",
    [
        "http://agency.example/register/é?id=7&lang=en#/doc/1",
        "HTTPS://WWW.Agency.Example:443/register/%c3%a9?id=7&lang=en#/doc/1",
        "https://www.agency.example./x/../register/./%C3%A9/?id=7&lang=en#/doc/1",
        "https://www.agency.example/r%65gister/é?lang=en&id=7#/doc/1",
        "https://www.agency.example/register/é?id=7&utm_source=x&UTM_Medium=y&lang=en&gclid=a&fbclid=b&_ga=c#/doc/1",
        "https://www.agency.example/register/é?id=7&utm%5Fsource=x&lang=en#/doc/1:~:text=energy",
        "https://www.agency.example/register/é?&id=7&&lang=en#/doc/1",
    ],
)
def test_spellings_of_one_document_have_one_key(spelling: str) -> None:
    assert url_key(spelling) == url_key(DOCUMENT)


@pytest.mark.parametrize(
    "other",
    [
        "https://www.agency.example/register/é?id=7&lang=en#/doc/2",
        "https://www.agency.example/register/é?id=7&lang=en",
        "https://www.agency.example/register/é?id=8&lang=en#/doc/1",
        "https://www.agency.example/register/é?id=7&lang=en&ref=2#/doc/1",
        "https://www.agency.example/register/é?id=7&lang=en&source=2#/doc/1",
        "https://www.agency.example/register/%E9?id=7&lang=en#/doc/1",
        "https://www.agency.example/Register/é?id=7&lang=en#/doc/1",
        "https://www.agency.example:8080/register/é?id=7&lang=en#/doc/1",
        "https://data.agency.example/register/é?id=7&lang=en#/doc/1",
    ],
)
def test_another_document_has_another_key(other: str) -> None:
    assert url_key(other) != url_key(DOCUMENT)


@pytest.mark.parametrize(
    "end", ["#", "#top", "#:~:text=a,b", "#xtor=RSS-1", "#utm_source=x", "?", "/", "?#", "#Echobox=1"]
)
def test_an_end_that_selects_nothing_does_not_count(end: str) -> None:
    assert url_key(f"https://agency.example/law{end}") == "agency.example/law"


def test_the_order_of_values_of_one_parameter_counts() -> None:
    assert url_key("https://a.eu/?x=1&x=2") != url_key("https://a.eu/?x=2&x=1")


def test_an_address_that_is_refused_today_still_has_a_key() -> None:
    assert url_key("https://exa|mple.org") == "https://exa|mple.org"


def test_a_long_key_is_a_digest() -> None:
    assert len(url_key("https://a.eu/" + "x" * 1_900)) == 64


def test_stored_events_get_the_keys_of_the_present_rules(client: FlaskClient, database: str) -> None:
    figures = [{"measure": "budget", "value": "5", "currency": "EUR"}]
    body = an_event(title="A law", sources=[{"type": "legal_text", "url": DOCUMENT}], figures=figures)
    event = create_event(client, **body)
    client.patch(
        f"/v1/events/{event['id']}",
        json={"title": "A law of 2024"},
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    gone = create_event(client, **body)
    client.delete(f"/v1/events/{gone['id']}", headers={"If-Match": '"1"'})
    tables = (
        "SELECT id, version, labels, document FROM event",
        "SELECT id, version, labels, document FROM event_revision",
        "TABLE event_source",
    )
    with psycopg.connect(database, autocommit=True) as conn:
        before = [sorted(conn.execute(table).fetchall()) for table in tables]
        # As a release with other rules left them.
        conn.execute("UPDATE event_source SET url_key = 'agency.example/register'")
        for table in ("event", "event_revision"):
            conn.execute(f"UPDATE {table} SET labels = array_append(array_remove(labels, labels[1]), 'source:0')")
            without_key = "convert_to(replace(convert_from(document, 'UTF8'), '\"value_max\":null,', ''), 'UTF8')"
            conn.execute(f"UPDATE {table} SET document = {without_key}")
        conn.execute("INSERT INTO event_to_reindex SELECT id FROM event")
        index_events(conn)
        after = [sorted(conn.execute(table).fetchall()) for table in tables]
        left = conn.execute("SELECT count(*) FROM event_to_reindex").fetchone()
    deletion = (gone["id"], 2)
    assert [row for table in after for row in table if (str(row[0]), row[1]) != deletion] == [
        row for table in before for row in table if (str(row[0]), row[1]) != deletion
    ]
    assert left == (0,)
