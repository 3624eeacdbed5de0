"""Searches for words leave connections to the others, and hold none while they compute."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.http.context import Service
from service.http.search_budget import MOST_PUBLIC_WORDS
from tests.factories import create_event
from tests.service.conftest import make_key, running
from tests.service.problems import problem_of

#: Addresses of searches; {q} are the words.
SEARCHES = [
    "/v1/events?q={q}",
    "/v1/events?q={q}&sort=title",
    "/v1/events.atom?q={q}",
    "/v1/changes?q={q}",
    "/v1/facets?q={q}",
    "/v1/figures?q={q}",
    "/v1/agenda?q={q}",
]

#: Exports have a budget of their own, and the same limit of words.
EXPORTS = ["/v1/events.ndjson?q={q}", "/v1/events.csv?q={q}", "/v1/events?format=parquet&q={q}"]

OTHERS = ["/v1/events", "/v1/changes", "/v1/facets", "/v1/topics", "/v1/agenda"]


@pytest.fixture
def narrow(database: str) -> Iterator[Flask]:
    """An app with four connections, of which searches without a key get one."""
    with running(database, pool_wait=0.1) as app:
        yield app


def parts(app: Flask) -> Service:
    service: Service = app.extensions["policytrail"]
    return service


@pytest.mark.parametrize("path", SEARCHES)
def test_searches_without_a_key_wait_for_a_part_of_the_pool(narrow: Flask, path: str) -> None:
    anyone = narrow.test_client()
    with parts(narrow).public_searches:
        refused = anyone.get(path.format(q="steel"))
        assert problem_of(refused) == (503, "unavailable", [])
        assert refused.headers["Retry-After"] == "1"
        assert [anyone.get(other).status_code for other in OTHERS] == [200] * len(OTHERS)
    assert anyone.get(path.format(q="steel")).status_code == 200


def test_searches_with_a_key_do_not_wait_for_those_without(narrow: Flask, database: str) -> None:
    client = narrow.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:read')}"
    with parts(narrow).public_searches:
        assert client.get("/v1/events?q=steel").status_code == 200
    with ExitStack() as searches:
        for _ in range(2):
            searches.enter_context(parts(narrow).searches)
        assert client.get("/v1/events?q=steel").status_code == 503
        assert client.get("/v1/events").status_code == 200


@pytest.mark.parametrize("path", [*SEARCHES, *EXPORTS, "/v1/figures.csv?q={q}", "/v1/agenda.csv?q={q}"])
def test_more_words_need_a_key(anyone: FlaskClient, client: FlaskClient, path: str) -> None:
    few, many = ("%20".join(f"word{n}" for n in range(count)) for count in (MOST_PUBLIC_WORDS, MOST_PUBLIC_WORDS + 1))
    assert anyone.get(path.format(q=few)).status_code == 200
    assert problem_of(anyone.get(path.format(q=many))) == (422, "invalid", ["q"])
    assert client.get(path.format(q=many)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"q": "word " * 33},
        {"any": [{"q": "word " * 17}, {"q": "word " * 16}]},
        {"not": {"q": "-word OR " * 33}},
        {"q": "鉄鋼" * 30},
        {"q": '"' + "word " * 33 + '"'},
    ],
)
def test_words_are_counted_in_all_parts_of_a_search(anyone: FlaskClient, client: FlaskClient, body: Any) -> None:
    assert problem_of(anyone.post("/v1/search", json=body)).status == 422
    assert client.post("/v1/search", json=body).status_code == 200


@pytest.fixture
def held(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list with the number of connections in use; a test adds to it through `note`."""
    database, count = parts(app).database, [0]
    reading = database.reading

    @contextmanager
    def counted() -> Iterator[psycopg.Connection]:
        with reading() as conn:
            count[0] += 1
            try:
                yield conn
            finally:
                count[0] -= 1

    monkeypatch.setattr(database, "reading", counted)
    return count


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("/v1/changes?q=steel", "service.search.index.document.search_document"),
        ("/v1/events?q=steel&highlight=true&explain=true", "service.search.ranking.highlight._texts"),
        ("/v1/events?q=steel&highlight=true&sort=title", "service.search.ranking.highlight.best_fragments"),
    ],
)
def test_no_connection_is_held_while_texts_are_analyzed(
    client: FlaskClient, held: list[int], monkeypatch: pytest.MonkeyPatch, path: str, step: str
) -> None:
    create_event(client, title="Steel")
    module, _, name = step.rpartition(".")
    compute = getattr(__import__(module, fromlist=[name]), name)
    while_computing: list[int] = []

    def watched(*arguments: Any) -> Any:
        while_computing.append(held[0])
        return compute(*arguments)

    monkeypatch.setattr(step, watched)
    assert len(client.get(path).get_json()["items"]) == 1
    assert while_computing
    assert set(while_computing) == {0}
