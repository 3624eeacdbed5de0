"""How large a body may be, and how long a statement may take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from service.strict_json import JsonLimits, parse
from tests.factories import an_event
from tests.service.conftest import make_key, running
from tests.serving import serving


@contextmanager
def asking(database: str, **settings: Any) -> Iterator[FlaskClient]:
    with running(database, **settings) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'admin')}"
        yield client


def test_a_body_may_have_so_many_bytes(database: str) -> None:
    with asking(database, max_body_bytes=1000) as client:
        assert client.post("/v1/events", json=an_event(summary="x" * 100)).status_code == 201
        assert client.post("/v1/events", json=an_event(summary="x" * 1000)).status_code == 413


def test_a_body_may_be_nested_so_deep(database: str) -> None:
    with asking(database, max_nesting=5) as client:
        assert client.post("/v1/events", json=an_event()).status_code == 201
        answer = client.post("/v1/events", json=an_event(extra=[[[[[]]]]]))
    assert (answer.status_code, answer.get_json()["detail"]) == (400, "The body is nested more than 5 levels deep.")


def test_arrays_and_texts_may_be_so_long(database: str) -> None:
    with asking(database, max_array=5, max_text=20) as client:
        answer = client.post("/v1/events", json=an_event(tags=list("abcdef"), title="x" * 21))
    assert (answer.status_code, answer.get_json()["errors"]) == (
        422,
        [
            {"detail": "Must have at most 5 members, has 6.", "pointer": "#/tags"},
            {"detail": "Must have at most 20 characters, has 21.", "pointer": "#/title"},
        ],
    )


@pytest.mark.parametrize(
    "text",
    [b'["aaa"]', b"[1,2,3]", b'{"a":1,"b":2,"c":3}', b"[[[]]]", b'"\\u00e9\\u00e9\\u00e9"', b'",,,"', b'["[[[",1,2]'],
)
def test_what_reaches_a_bound_or_only_looks_like_more_is_read(text: bytes) -> None:
    assert parse(text, JsonLimits(nesting=3, members=3, text=3)) == parse(text)


def test_the_settings_of_gunicorn_bound_line_and_headers(database: str) -> None:
    with serving(
        database,
        POLICYTRAIL_WORKERS="1",
        POLICYTRAIL_MAX_REQUEST_LINE="200",
        POLICYTRAIL_MAX_HEADERS="10",
        POLICYTRAIL_MAX_HEADER_BYTES="100",
    ) as served:
        asked: dict[str, dict[str, str]] = {
            "/livez": {},
            "/livez?" + "x" * 200: {},
            "/livez?a": {"X-Long": "x" * 101},
            "/livez?b": {f"X-{number}": "1" for number in range(10)},
        }
        statuses = [_status(served.port, path, headers) for path, headers in asked.items()]
    assert statuses == [200, 414, 431, 431]


def _status(port: int, path: str, headers: dict[str, str]) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_statement_that_takes_too_long_is_503_and_the_connection_serves_on(database: str) -> None:
    quick = {"pool_size": 1, "statement_timeout": 0.2, "write_statement_timeout": 0.5}
    with asking(database, **quick) as client:
        assert client.get("/v1/me").status_code == 200
        with psycopg.connect(database) as other:
            other.execute("LOCK TABLE event")
            reading, read_for = _timed(client, "GET")
            writing, wrote_for = _timed(client, "POST")
        healthy = [client.get("/v1/events").status_code, client.post("/v1/events", json=an_event()).status_code]

    assert [reading, writing] == [503, 503]
    assert 0.2 <= read_for < 0.5 <= wrote_for < 1
    assert healthy == [200, 201]


def _timed(client: FlaskClient, method: str) -> tuple[int, float]:
    """Status and seconds of a request that finds the table locked."""
    began = time.monotonic()
    answer = client.open("/v1/events", method=method, json=an_event() if method == "POST" else None)
    assert (answer.get_json()["type"], answer.headers["Retry-After"]) == ("/problems/unavailable", "1")
    return answer.status_code, time.monotonic() - began


def test_every_kind_of_use_has_its_timeout_and_leaves_the_next_its_own(database: str) -> None:
    with running(
        database, pool_size=1, statement_timeout=1.5, write_statement_timeout=2.5, export_statement_timeout=99
    ) as app:
        held = app.extensions["policytrail"].database
        found = []
        for use in (held.reading, held.transaction, held.exporting, held.reading):
            with use() as conn:
                found += conn.execute("SHOW statement_timeout").fetchall()
    assert found == [("1500ms",), ("2500ms",), ("99s",), ("1500ms",)]


def test_an_export_only_reads_and_sees_one_state(database: str) -> None:
    with running(database) as app:
        held = app.extensions["policytrail"].database
        with held.exporting() as conn, psycopg.connect(database) as other:
            counted = [conn.execute("SELECT count(*) FROM topic").fetchone()]
            other.execute("INSERT INTO topic VALUES ('a', 1, '{}', '', now(), now())")
            other.commit()
            counted.append(conn.execute("SELECT count(*) FROM topic").fetchone())
        assert counted == [(0,), (0,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), held.exporting() as conn:
            conn.execute("DELETE FROM topic")
