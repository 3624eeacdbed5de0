"""Hostile searches, none of which is an internal error. `make bench-search` measures their times."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from schemas.events import NewEventSchema
from service.events.normalize import normalize
from service.ids import uuid7
from service.search.filter import Words
from service.search.ranking.highlight import highlight
from service.search.text.codes import codes_in, join_codes
from tests.factories import an_event, create_event
from tests.service.conftest import running

HOSTILE = [
    "the of and to in is are",
    "!?\u2026 ,.;:-\u2013\u2014()[]{}<>",
    '"',
    '"""""',
    '"no end',
    'a" "b',
    "-",
    '--- -"" OR',
    "OR OR OR",
    "AND NOT OR",
    "-a -b -c",
    "*",
    "** a* b**",
    "a:* & b | !c <-> d <99999> e",
    "'); DROP TABLE event; --",
    "\\ \\' \\\\",
    "%s %(q)s {} $1",
    ".*(a+)+$ [a-z]{1,99999}",
    "\u202ebatteries\u202c \u0627\u0644\u0628\u0637\u0627\u0631\u064a\u0627\u062a",
    "\U0001f50b\U0001f1ea\U0001f1fa 👩‍👩‍👧‍👦",
    "e\u0301" * 300,
    "\u0e48\u0e48\u0e48",
    "ꞏenglish ꞏ",
    "電" * 3000,
    "x" * 9000,
    " ".join(f"word{number}" for number in range(1_200)),
    " OR ".join(f"w{number}" for number in range(1_000)),
    " ".join(f"a{number}*" for number in range(999)),
    " ".join(f'"b{number} c"' for number in range(800)),
    "1e5 0x1f 007 -5 1,000.5 ½ ²",
]


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def q(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_hostile_searches_are_answered(client: FlaskClient, q: str) -> None:
    create_event(client, title="Batteries of the EU", summary="電池 word1 the w2", lang="en")
    create_event(client, title="Die Verordnung", lang="de")
    for sort in (None, "-date"):
        answer = client.post("/v1/search", json={"q": q, "sort": sort} if sort else {"q": q})
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["next"] is None


def test_invalid_words_are_refused(client: FlaskClient) -> None:
    for q in ("a\x00b", "", "   ", "x" * 10_001):
        answer = client.post("/v1/search", json={"q": q})
        assert answer.status_code == 422, q
        assert [error["pointer"] for error in answer.get_json()["errors"]] == ["#/q"]


def test_punctuation_finds_nothing_and_an_exclusion_lists_the_rest(client: FlaskClient) -> None:
    create_event(client, title="Batteries")
    create_event(client, title="Mining")
    assert client.get("/v1/events?q=!%3F").get_json()["items"] == []
    assert [item["title"] for item in client.get("/v1/events?q=-mining").get_json()["items"]] == ["Batteries"]


def test_a_search_that_takes_too_long_answers_503(database: str) -> None:
    with running(database, statement_timeout=0.001) as app:
        client = app.test_client()
        answer = client.get("/v1/events", query_string={"q": " ".join(f'"a{n} b"*' for n in range(10))})
    assert (answer.status_code, answer.get_json()["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "1"


@contextmanager
def an_end_within(seconds: int) -> Iterator[None]:
    """Fail after so many seconds: code without a limit would take minutes."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_long_word_behind_a_code_is_read_once() -> None:
    with an_end_within(20):
        found = codes_in("2024/1252;" + "x" * 100_000 + " u. s. a")
        assert [code.form for code in found] == ["2024/1252", "usa"]


@pytest.mark.parametrize(
    "part", ["1.", "1,000", "a.", "a&", "a'", "1-a", "HB 1 ", "$", "1 000 ", "com(2023) ", "no. ", "§ ", "c++", "((1"]
)
def test_a_long_run_of_parts_of_codes_is_read_once(part: str) -> None:
    with an_end_within(20):
        text = part * (100_000 // len(part))
        assert all(code.form for code in codes_in(text))
        assert len(join_codes(text[:10_000])) == 10_000


def test_a_hundred_phrases_are_highlighted_in_long_texts_in_time() -> None:
    phrases = Words(" ".join(f'"word b{number}"' for number in range(33)))
    content = NewEventSchema().load(an_event(title="Word b7", description="word " * 4_000))
    record = normalize(content, id=str(uuid7()), now=datetime.now(UTC))
    with an_end_within(20):
        highlights = highlight(phrases, [record] * 200)
    assert [[one.field for one in fragments] for fragments in highlights[:2]] == [["title"], ["title"]]


def test_a_page_of_long_texts_is_explained_in_time(client: FlaskClient) -> None:
    endings = ["".join("klmnopqrst"[int(digit)] for digit in str(number)) for number in range(500)]
    description = " ".join(f"wx{first}{ending}" for ending in endings for first in "abcd")
    for _ in range(200):
        create_event(client, title="Words", description=description, lang="en")
    with an_end_within(20):
        answer = client.get("/v1/events?q=wxa*+wxb*+wxc*+wxd*&explain=true&limit=200&fields=id").get_json()
    assert {term["fields"]["body"] for match in answer["matches"] for term in match["explanation"]["terms"]} == {500}
