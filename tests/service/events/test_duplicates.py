"""Likely duplicates of a new event."""

from datetime import date
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.events.write import duplicate_clues
from service.store.events.duplicates import Clues
from tests.factories import an_event

ARTICLE = "https://news.example/articles/1"


def json_of(answer: TestResponse) -> Any:
    """Return the JSON of the response."""
    return answer.json


def dated(edtf: str | None, title: str = "Dialogue on Advanced Materials", party: str | None = "JP") -> dict[str, Any]:
    return an_event(
        title=title,
        participants=[{"name": "Who", "role": "party", "jurisdiction": party}],
        dates=[{"kind": "launched", "edtf": edtf, "modality": "actual"}] if edtf else [],
    )


def sourced(url: str, title: str) -> dict[str, Any]:
    return an_event(title=title, sources=[{"type": "news_article", "url": url}])


def post(client: FlaskClient, body: dict[str, Any]) -> tuple[str, str | None]:
    """Return the address of the new event and the header Link."""
    answer = client.post("/v1/events", json=body)
    assert answer.status_code == 201, answer.json
    return answer.headers["Location"], answer.headers.get("Link")


def link(*addresses: str) -> str:
    return ", ".join(f'<{address}>; rel="duplicate"' for address in addresses)


def test_an_event_with_the_same_source_is_a_duplicate(client: FlaskClient) -> None:
    first, alone = post(client, sourced(ARTICLE, "One"))
    _, links = post(client, sourced("http://www.news.example/articles/1/?utm_source=x#top", "Quite another title"))
    assert (alone, links) == (None, link(first))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://agency.example/register#/doc/4711", "https://agency.example/register#/doc/4712"),
        ("https://agency.example/view?ref=A-1", "https://agency.example/view?ref=A-2"),
        ("https://agency.example/view?id=%E9", "https://agency.example/view?id=%E8"),
        ("https://agency.example/a%2Fb", "https://agency.example/a/b"),
    ],
)
def test_documents_of_one_agency_are_different_sources(client: FlaskClient, one: str, other: str) -> None:
    post(client, sourced(one, "One"))
    strict = client.post(
        "/v1/events", json=sourced(other, "Quite another title"), headers={"Prefer": "handling=strict"}
    )
    assert strict.status_code == 201, strict.json


def test_one_document_in_two_spellings_is_one_source(client: FlaskClient) -> None:
    first, _ = post(client, sourced("https://bücher.example/gesetz/é?a=1&b=2", "One"))
    again = "HTTPS://XN--BCHER-KVA.example:443/x/../gesetz/%c3%a9/?b=2&a=1&gclid=5#:~:text=a"
    _, links = post(client, sourced(again, "Quite another title"))
    assert links == link(first)


def test_a_source_of_many_events_is_no_clue(client: FlaskClient) -> None:
    home = "https://tracker.example/"
    all_links = [post(client, sourced(home, f"{number} " * 20))[1] for number in range(7)]
    assert [len(links.split(",")) if links else 0 for links in all_links] == [0, 1, 2, 3, 4, 5, 0]


@pytest.mark.parametrize(
    ("title", "party", "edtf", "is_duplicate"),
    [
        ("Dialogue on Advanced Materials", "JP", "2024-04-01", True),
        ("A Dialogue on advanced materials", "JP", "2024-04", True),
        ("Dialogues on Advanced Materials", "JP", "2024", True),
        ("Dialogue on Advanced Materials", "JP", "2024-33", False),  # January to March
        ("Dialogue on Advanced Materials", "JP", "2024-34", True),
        ("Dialogue on Advanced Materials", "JP", "2024-03-20/2024-04-10", True),
        ("Dialogue on Advanced Materials", "JP", "2024-04-02", False),
        ("Dialogue on Advanced Materials", "EU", "2024-04-01", False),
        ("Dialogue on Advanced Materials", None, "2024-04-01", False),
        ("Subsidies for batteries", "JP", "2024-04-01", False),
        ("Dialogue on advanced materials", "JP", None, True),
        ("A dialogue on advanced materials", "JP", None, False),  # without a date only the same title counts
    ],
)
def test_similar_titles_with_a_common_party_and_overlapping_dates_are_duplicates(
    client: FlaskClient, title: str, party: str | None, edtf: str | None, *, is_duplicate: bool
) -> None:
    event = dated("2024-04-01")
    other = dated(edtf, title, party)
    first, _ = post(client, event)
    _, links = post(client, other)
    assert links == (link(first) if is_duplicate else None)


def test_the_more_precise_date_may_come_second(client: FlaskClient) -> None:
    first, _ = post(client, dated("2024"))
    _, links = post(client, dated("2024-11-30"))
    assert links == link(first)


def test_a_span_may_begin_in_another_month_of_the_year(client: FlaskClient) -> None:
    first, _ = post(client, dated("2024-03-20/2024-04-10"))
    assert post(client, dated("2024-04-01"))[1] == link(first)
    _, links = post(client, dated("2023-12-20/2024-01-10", "Dialogue on advanced products"))
    assert links is None
    assert post(client, dated("2024-01-05", "Dialogue on advanced products"))[1] is None


def test_at_most_five_duplicates_are_listed_the_likeliest_first(client: FlaskClient) -> None:
    for _ in range(6):
        post(client, dated("2024-04-01", "Dialogues on Advanced Materials"))
    likeliest, _ = post(client, dated("2024-04-01") | {"sources": [{"type": "news_article", "url": ARTICLE}]})
    _, links = post(client, dated("2024-04-01") | {"sources": [{"type": "news_article", "url": ARTICLE}]})
    assert links is not None
    assert (len(links.split(",")), links.startswith(f"<{likeliest}>")) == (5, True)


def test_deleted_events_are_no_duplicates(client: FlaskClient) -> None:
    first, _ = post(client, sourced(ARTICLE, "One"))
    client.delete(first, headers={"If-Match": '"1"'})
    assert post(client, sourced(ARTICLE, "One"))[1] is None


def test_with_strict_handling_a_duplicate_answers_409_and_stores_nothing(client: FlaskClient, database: str) -> None:
    strict = {"Prefer": "handling=strict"}
    stored = client.post("/v1/events", json=sourced(ARTICLE, "One"), headers=strict)
    assert (stored.status_code, stored.headers["Preference-Applied"]) == (201, "handling=strict")
    id_ = json_of(stored)["id"]

    refused = client.post("/v1/events", json=sourced(ARTICLE, "Two"), headers=strict)

    assert (refused.status_code, refused.headers["Link"]) == (409, link(f"/v1/events/{id_}"))
    assert {name: json_of(refused)[name] for name in ("type", "title", "errors")} == {
        "type": "/problems/duplicate",
        "title": "The event probably exists already.",
        "errors": [{"detail": f"It may be the event {id_}.", "pointer": "#"}],
    }
    assert json_of(client.get("/problems/duplicate"))["status"] == 409
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM event").fetchone() == (1,)


def test_a_replayed_response_lists_the_duplicates_again(client: FlaskClient) -> None:
    first, _ = post(client, sourced(ARTICLE, "One"))
    headers = {"Idempotency-Key": "a", "Prefer": "handling=strict, return=minimal"}
    answers = [client.post("/v1/events", json=sourced(ARTICLE, "Two"), headers=headers) for _ in range(2)]
    assert [answer.headers["Link"] for answer in answers] == [link(first)] * 2


def test_the_clues_of_an_event() -> None:
    assert duplicate_clues(
        dated("2024-03-05/..", "DIALOGUE " * 20) | {"sources": [{"url": ARTICLE}, {"url": None}]}
    ) == Clues(
        url_keys=["news.example/articles/1"],
        title_key=("dialogue " * 20)[:80],
        parties=["JP"],
        earliest=date(2024, 3, 5),
        latest=date(2024, 3, 5),
        labels=["month:2024-03", "beyond:2024-01", "beyond:2024-02"],
    )
    assert duplicate_clues(dated("9999/9999-12-31") | {"sources": []}).latest == date(9999, 12, 31)
    assert duplicate_clues(dated("2000/2024") | {"sources": []}).latest == date(2001, 1, 1)
    assert duplicate_clues(dated("../2024") | {"sources": []}).latest is None
