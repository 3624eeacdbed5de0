"""Searches that nobody means well: none is an error of ours. `make bench-search` shows how long they take."""

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event
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


def test_hostile_words_are_answered(client: FlaskClient, q: str) -> None:
    create_event(client, title="Batteries of the EU", summary="電池 word1 the w2", lang="en")
    create_event(client, title="Die Verordnung", lang="de")
    for sort in (None, "-date"):
        answer = client.post("/v1/search", json={"q": q, "sort": sort} if sort else {"q": q})
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["next"] is None


def test_words_that_no_text_has_are_refused(client: FlaskClient) -> None:
    for q in ("a\x00b", "", "   ", "x" * 10_001):
        answer = client.post("/v1/search", json={"q": q})
        assert answer.status_code == 422, q
        assert [error["pointer"] for error in answer.get_json()["errors"]] == ["#/q"]


def test_signs_alone_find_nothing_and_what_is_only_left_out_leaves_the_rest(client: FlaskClient) -> None:
    create_event(client, title="Batteries")
    create_event(client, title="Mining")
    assert client.get("/v1/events?q=!%3F").get_json()["items"] == []
    assert [item["title"] for item in client.get("/v1/events?q=-mining").get_json()["items"]] == ["Batteries"]


def test_a_search_that_takes_too_long_is_a_problem(database: str) -> None:
    with running(database, statement_timeout=0.001) as app:
        client = app.test_client()
        answer = client.get("/v1/events", query_string={"q": " ".join(f'"a{n} b"*' for n in range(99))})
    assert (answer.status_code, answer.get_json()["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "1"
