"""Likely duplicates of a new event."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import an_event

ARTICLE = "https://news.example/articles/1"

WORDS = ("steel", "water", "wheat", "paper", "glass", "cloth", "timber")


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
    all_links = [post(client, sourced(home, title))[1] for title in WORDS]
    assert [len(links.split(",")) if links else 0 for links in all_links] == [0, 1, 2, 3, 4, 5, 0]


@pytest.mark.parametrize(
    ("title", "party", "edtf", "is_duplicate"),
    [
        ("Dialogue on Advanced Materials", "JP", "2024-04-01", True),
        ("A Dialogue on advanced materials", "JP", "2024-04", True),
        ("Dialogues on Advanced Materials", "JP", "2024", True),
        ("Advanced Materials: Dialogue", "JP", "2024-04-04", True),
        ("Dialogue on Advanced Materials", "JP", "2024-33", True),  # January to March
        ("Dialogue on Advanced Materials", "JP", "2023-04-01", True),
        ("Dialogue on Advanced Materials", "JP", "2025-06-01", False),
        ("Dialogue on Advanced Materials", "EU", "2024-04-01", False),
        ("Dialogue on Advanced Materials", None, "2024-04-01", False),
        ("Second Dialogue on Advanced Materials", "JP", "2024-04-01", False),
        ("Subsidies for batteries", "JP", "2024-04-01", False),
        ("A dialogue on advanced materials", "JP", None, True),
    ],
)
def test_one_title_of_one_party_is_a_duplicate_until_a_year_later(
    client: FlaskClient, title: str, party: str | None, edtf: str | None, *, is_duplicate: bool
) -> None:
    first, _ = post(client, dated("2024-04-01"))
    _, links = post(client, dated(edtf, title, party))
    assert links == (link(first) if is_duplicate else None)


@pytest.mark.parametrize(
    ("lang", "title", "other"),
    [
        ("de", "Gesetz über den Ausbau erneuerbarer Energien", "Das Gesetz zum Ausbau der erneuerbaren Energien"),
        ("fr", "Décret relatif à la rénovation énergétique", "Décret relatif à la rénovation énergétique."),
        ("hu", "Törvény a villamos energiáról", "A villamos energiáról: törvény"),
        ("ru", "Закон об энергетике и тарифах", "Закон об энергетике, тарифах"),  # noqa: RUF001 (Russian)
        ("zh", "中华人民共和国可再生能源法", "中华人民共和国 可再生能源法"),
        (None, "Law on steel " * 38, "The law on steel " * 28),  # 494 and 476 characters
        (None, "HB 374 on the taxation of carbon", "HB374: Taxation of Carbon"),
        (None, "AI Act", "The AI-Act"),
    ],
)
def test_titles_in_any_language_are_found_by_their_words(
    client: FlaskClient, lang: str | None, title: str, other: str
) -> None:
    first, _ = post(client, dated("2024-04-01", title) | {"lang": lang})
    _, links = post(client, dated("2024-05", other) | {"lang": lang})
    assert links == link(first)


def test_long_titles_that_differ_at_their_end_are_different(client: FlaskClient) -> None:
    beginning = "Ordinance on the technical requirements of " * 11
    post(client, dated("2024-04-01", beginning + "boilers"))
    assert post(client, dated("2024-04-01", beginning + "burners"))[1] is None


def test_the_more_precise_date_may_come_second(client: FlaskClient) -> None:
    first, _ = post(client, dated("2024"))
    _, links = post(client, dated("2024-11-30"))
    assert links == link(first)


def test_the_nearest_date_is_the_likeliest(client: FlaskClient) -> None:
    near, _ = post(client, dated("2024-03-29"))
    far, _ = post(client, dated("2023-04-01"))
    assert post(client, dated("2024-04-01"))[1] == link(near, far)


def test_a_title_that_recurs_is_that_of_a_series(client: FlaskClient) -> None:
    """Meetings of each month have one title: only that of the same days is the event."""
    meetings = [post(client, dated(f"2024-{month:02}-10", "Meeting of the council"))[0] for month in (1, 2, 3, 4)]
    _, links = post(client, dated("2024-05-10", "Meeting of the council"))
    assert links is None
    assert post(client, dated("2024-03-12", "Meeting of the council"))[1] == link(meetings[2])


def test_of_many_with_one_title_the_one_with_the_same_content_is_the_duplicate(client: FlaskClient) -> None:
    days = [dated("2024-04-01") | {"tags": [tag]} for tag in ("steel", "glass", "paper")]
    glass = [post(client, day)[0] for day in days][1]
    assert post(client, dated("2024-04-02") | {"tags": ["glass"]})[1] == link(glass)


def test_an_external_id_that_the_title_of_another_event_names_is_a_clue(client: FlaskClient) -> None:
    first, _ = post(client, dated("2024-04-01", "Clean Water Act (HB 374)"))
    bill = [{"scheme": "bill", "value": "HB374"}, {"scheme": "bill-number", "value": "374"}]
    _, links = post(client, dated("2024-06", "An act for clean water") | {"external_ids": bill})
    assert links == link(first)


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
