"""Exports: everything that a filter selects, of one instant, in the form that is asked for."""

import csv
import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from schemas.events import NewEventSchema
from service.events.write import record_event
from service.exports.columns import COLUMNS
from service.exports.export import FileFormat, stream_selected, write_documents
from service.search.find import Search
from service.store.events.export import BATCH_BYTES
from tests.answers import body
from tests.copies import multiply
from tests.factories import EARLIER, a_full_event, an_event, create_event, create_topic
from tests.service.conftest import running
from tests.service.problems import problem_of


def lines(answer: TestResponse) -> list[Any]:
    """The JSON values, one a line."""
    assert answer.data.endswith(b"\n")
    return [json.loads(line) for line in answer.data.splitlines()]


def rows(answer: TestResponse) -> list[dict[str, str]]:
    """The rows of CSV."""
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
def three(client: FlaskClient) -> list[dict[str, Any]]:
    """Three events, in the order of their ids."""
    return [create_event(client, title=title, status=status) for title, status in _THREE]


_THREE = [("C", "planned"), ("A", "adopted"), ("B", "planned")]


def test_ndjson_holds_the_records_as_they_are_read_by_id(client: FlaskClient, three: list[dict[str, Any]]) -> None:
    answer = client.get("/v1/events.ndjson")
    assert (answer.status_code, answer.content_type) == (200, "application/x-ndjson")
    assert answer.data == b"".join(client.get(f"/v1/events/{one['id']}").data + b"\n" for one in three)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="policytrail-events.ndjson"'
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("no-store", "Accept, Accept-Encoding")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("status=planned", ["C", "B"]),
        ("sort=title", ["A", "B", "C"]),
        ("sort=-title&limit=2", ["C", "B"]),
        ("not_status=planned", ["A"]),
        ("party=FR", []),
        ("limit=1000000", ["C", "A", "B"]),
        ("as_of=2020-01-01T00:00:00Z", []),
    ],
)
def test_an_export_has_the_events_of_the_list(client: FlaskClient, asked: str, titles: list[str]) -> None:
    answer = client.get(f"/v1/events?format=ndjson&{asked}")
    assert [json.loads(line)["title"] for line in answer.data.splitlines()] == titles
    assert [row["title"] for row in rows(client.get(f"/v1/events.csv?{asked}"))] == titles


def test_an_export_is_not_limited_to_a_page(client: FlaskClient, conn: psycopg.Connection) -> None:
    create_event(client)
    multiply(conn, 1_500)
    assert len(lines(client.get("/v1/events.ndjson"))) == 1_501
    assert len(rows(client.get("/v1/events.csv"))) == 1_501
    assert pq.read_table(io.BytesIO(client.get("/v1/events.parquet").data)).num_rows == 1_501


def test_only_some_fields_are_exported_as_ndjson(client: FlaskClient, three: list[dict[str, Any]]) -> None:
    answer = client.get("/v1/events.ndjson?fields=title,status&limit=1")
    assert lines(answer) == [{"id": three[0]["id"], "title": "C", "status": "planned"}]


def test_csv_has_the_columns_of_the_table(client: FlaskClient) -> None:
    create_topic(client, "trade")
    create_event(client, **a_full_event(relations=[], title="=cmd|' /C calc'!A0"))
    answer = client.get("/v1/events.csv")
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert answer.data.startswith(",".join(column.name for column in COLUMNS).encode() + b"\r\n")
    [row] = rows(answer)
    assert (row["title"], row["topics"], row["date"]) == ("'=cmd|' /C calc'!A0", "trade", "2024-04-02")
    assert client.get("/v1/events.csv?bom").data == b"\xef\xbb\xbf" + answer.data


@pytest.mark.usefixtures("three")
def test_an_export_of_nothing_is_complete(client: FlaskClient) -> None:
    assert client.get("/v1/events.ndjson?party=FR").data == b""
    assert client.get("/v1/events.csv?party=FR").data.count(b"\r\n") == 1
    assert pq.read_table(io.BytesIO(client.get("/v1/events.parquet?party=FR").data)).num_rows == 0


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("text/csv, */*", "text/csv; charset=utf-8; header=present"),
        ("text/*", "text/csv; charset=utf-8; header=present"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv; charset=utf-8; header=present"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("application/jsonl", "application/x-ndjson"),
        ("application/x-ndjson;q=0.9, application/json;q=0.1", "application/x-ndjson"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("application/atom+xml", "application/atom+xml; charset=utf-8"),
        ("application/feed+json, application/json;q=0.9", "application/feed+json"),
        ("text/calendar", "text/calendar; charset=utf-8"),
        ("application/json;q=0, */*", "application/x-ndjson"),
    ],
)
def test_accept_chooses_the_form(anyone: FlaskClient, accept: str | None, kind: str) -> None:
    answer = anyone.get("/v1/events", headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.content_type) == (200, kind)


@pytest.mark.parametrize("accept", ["text/html", "image/png", "text/csv;q=0"])
def test_accept_without_a_known_format_is_refused_unless_the_path_names_one(anyone: FlaskClient, accept: str) -> None:
    assert problem_of(anyone.get("/v1/events", headers={"Accept": accept}))[:2] == (406, "not-acceptable")
    for address in ("/v1/events?format=csv", "/v1/events.csv"):
        assert anyone.get(address, headers={"Accept": accept}).content_type.startswith("text/csv")


@pytest.mark.parametrize(
    ("address", "status", "parameter"),
    [
        ("/v1/events?format=xls", 422, "format"),
        ("/v1/events.csv?format=ndjson", 422, "format"),
        ("/v1/events.csv?fields=title", 422, "fields"),
        ("/v1/events.ndjson?cursor=x", 422, "cursor"),
        ("/v1/events.ndjson?count=exact", 422, "count"),
        ("/v1/events.ndjson?q=x&sort=relevance", 422, "sort"),
        ("/v1/events.csv?q=x&highlight=true", 422, "highlight"),
        ("/v1/events.atom?q=x&explain=true", 422, "explain"),
        ("/v1/events.atom?q=x&sort=relevance", 422, "sort"),
        ("/v1/events.ndjson?topic=none", 422, "topic"),
        ("/v1/events.ndjson?limit=0", 422, "limit"),
        ("/v1/events?bom=true", 422, "bom"),
        ("/v1/events.atom?fields=title", 422, "fields"),
        ("/v1/events.ndjson?as_of=2999-01-01T00:00:00Z", 422, "as_of"),
        ("/v1/figures.csv?cursor=x", 422, "cursor"),
        ("/v1/agenda.csv?limit=5", 422, "limit"),
        ("/v1/agenda?format=atom", 422, "format"),
    ],
)
def test_what_a_form_does_not_know_is_refused(anyone: FlaskClient, address: str, status: int, parameter: str) -> None:
    answer = anyone.get(address)
    assert (answer.status_code, body(answer)["errors"][0]["parameter"]) == (status, parameter)


@pytest.mark.parametrize("address", ["/v1/events.xls", "/v1/events.", "/v1/figures.ics", "/v1/agenda.ndjson"])
def test_an_ending_that_means_nothing_is_not_found(anyone: FlaskClient, address: str) -> None:
    assert anyone.get(address).status_code == 404


def test_the_ending_json_is_the_list(client: FlaskClient, three: list[dict[str, Any]]) -> None:
    page = body(client.get("/v1/events.json?limit=2&sort=title"))
    assert [one["title"] for one in page["items"]] == ["A", "B"]
    assert page["next"].startswith("/v1/events.json?limit=2&sort=title&cursor=")
    assert [one["id"] for one in body(client.get(page["next"]))["items"]] == [three[0]["id"]]


def test_a_search_as_json_can_be_exported_but_not_subscribed_to(
    client: FlaskClient, three: list[dict[str, Any]]
) -> None:
    asked = {"any": [{"status": "adopted"}, {"not": {"status": "planned"}}], "format": "ndjson", "fields": ["title"]}
    assert lines(client.post("/v1/search", json=asked | {"fields": "title"})) == [{"id": three[1]["id"], "title": "A"}]
    assert len(rows(client.post("/v1/search", json={"format": "csv", "bom": False}))) == 3
    assert problem_of(client.post("/v1/search", json={"format": "atom"})).status == 422
    assert client.post("/v1/search", json={}, headers={"Accept": "text/csv"}).content_type.startswith("text/csv")


def test_an_export_is_gzipped_for_whoever_takes_that_and_parquet_only_for_whoever_takes_nothing_else(
    client: FlaskClient, conn: psycopg.Connection
) -> None:
    create_event(client)
    multiply(conn, 500)
    plain = client.get("/v1/events.ndjson")
    zipped = client.get("/v1/events.ndjson", headers={"Accept-Encoding": "gzip"})
    assert (plain.headers.get("Content-Encoding"), zipped.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(zipped.data) == plain.data
    parquet = client.get("/v1/events.parquet", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in parquet.headers
    forced = client.get("/v1/events.parquet", headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert gzip.decompress(forced.data)[:4] == b"PAR1"


def test_head_has_the_headers_of_get_and_no_body(client: FlaskClient, three: list[dict[str, Any]]) -> None:
    del three
    read, head = client.get("/v1/events.csv"), client.head("/v1/events.csv")
    own = {"X-Request-Id": "each its own"}
    assert (head.status_code, head.data, dict(head.headers) | own) == (200, b"", dict(read.headers) | own)


def test_an_export_is_of_the_instant_at_which_it_began(client: FlaskClient, conn: psycopg.Connection) -> None:
    create_event(client)
    multiply(conn, 1_000)
    answer = client.get("/v1/events.ndjson", buffered=False)
    pieces = answer.iter_encoded()
    first = next(pieces)
    conn.execute("DELETE FROM event_agenda")
    conn.execute("UPDATE event SET record_state = 'deleted', document = ''")
    conn.commit()
    assert b"".join((first, *pieces)).count(b"\n") == 1_001
    answer.close()
    assert client.get("/v1/events.ndjson").data == b""


def test_who_leaves_ends_the_transaction_and_frees_its_place(database: str, conn: psycopg.Connection) -> None:
    with running(database, max_exports=1, pool_size=2) as app:
        client = app.test_client()
        _one(conn)
        multiply(conn, 1_000)
        answer = client.get("/v1/events.ndjson", buffered=False)
        assert _in_transaction(conn) == 1
        assert problem_of(client.get("/v1/events.csv")) == (503, "unavailable", [])
        answer.close()
        assert _in_transaction(conn) == 0
        assert client.get("/v1/events.csv").status_code == 200


def _one(conn: psycopg.Connection) -> None:
    """An event, written to the database directly."""
    record_event(conn, NewEventSchema().load(an_event()), id=UUID(EARLIER), now=datetime.now(UTC), key_id=None)
    conn.commit()


def _in_transaction(conn: psycopg.Connection) -> int:
    """Connections of the service that are in a transaction."""
    [(count,)] = conn.execute(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'policytrail' AND state LIKE 'idle in%'
        """
    )
    conn.commit()
    return int(count)


def test_what_goes_wrong_before_the_first_row_is_a_problem(client: FlaskClient, conn: psycopg.Connection) -> None:
    conn.execute("ALTER TABLE event RENAME COLUMN document TO document_gone")
    conn.commit()
    answer = client.get("/v1/events.ndjson")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")


def test_what_goes_wrong_later_breaks_the_answer_off(client: FlaskClient, conn: psycopg.Connection) -> None:
    create_event(client)
    multiply(conn, 1_000)
    answer = client.get("/v1/events.ndjson", buffered=False)
    conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%'")
    conn.commit()
    with pytest.raises(ConnectionResetError):
        list(answer.response)
    answer.close()
    assert client.get("/v1/events.ndjson").status_code == 200


def test_an_export_holds_no_more_than_a_batch_in_memory(client: FlaskClient, conn: psycopg.Connection) -> None:
    create_event(client, description="x" * 2_000)
    multiply(conn, 5_000)
    for form, most in (("ndjson", 3), ("csv", 9)):
        tracemalloc.start()
        size = sum(map(len, write_documents(FileFormat(form), stream_selected(conn, Search()))))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size > 10_000_000
        assert peak < most * BATCH_BYTES, form
