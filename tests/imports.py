"""Imports for tests: rows, requests and reports."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import an_event

NDJSON = "application/x-ndjson"
CSV = "text/csv"


def row(value: object, **fields: Any) -> dict[str, Any]:
    """Return the row with the external id `value` in the tracker."""
    return an_event(title=f"Policy {value}", external_ids=[{"scheme": "tracker", "value": str(value)}]) | fields


def ndjson(*rows: Any) -> bytes:
    """Return rows as lines; bytes are lines already."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in rows)


def send(
    client: FlaskClient, body: bytes, *, kind: str = NDJSON, headers: Mapping[str, str] | None = None, **query: str
) -> TestResponse:
    """Return the response to an import."""
    return client.post("/v1/imports", data=body, content_type=kind, headers=dict(headers or {}), query_string=query)


def import_report(client: FlaskClient, body: bytes, *, kind: str = NDJSON, **query: str) -> dict[str, Any]:
    """Import rows, and return the report in the last line of the response."""
    response = client.post("/v1/imports", data=body, content_type=kind, query_string=query)
    assert response.status_code == 201, response.text
    report: dict[str, Any] = json.loads(response.text.splitlines()[-1])
    return report


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, refused: int = 0) -> dict[str, int]:
    """Return the counts of a report."""
    return {"created": created, "updated": updated, "unchanged": unchanged, "refused": refused}


def errors(report: Mapping[str, Any]) -> list[tuple[int, str | None, str]]:
    """Return line, pointer and detail of each error of a report."""
    return [(one["line"], one["pointer"], one["detail"]) for one in report["errors"]]


def event(client: FlaskClient, value: object) -> dict[str, Any]:
    """Return the event with the external id `value` in the tracker."""
    response = client.get(f"/v1/events/by/tracker/{value}")
    assert response.status_code == 200, response.text
    return dict(response.get_json())


def count_rows(database: str, *tables: str) -> dict[str, int]:
    """Return the number of rows in each of the tables."""
    with psycopg.connect(database) as conn:
        return {name: one[0] for name in tables if (one := conn.execute(f"SELECT count(*) FROM {name}").fetchone())}


#: Tables with rows for an event.
TABLES = (
    "event",
    "event_revision",
    "event_external_id",
    "event_source",
    "event_relation",
    "event_search",
    "outbox",
    "import_mark",
)


def titles(client: FlaskClient) -> Iterable[str]:
    """Return the titles of all events, sorted."""
    return sorted(one["title"] for one in client.get("/v1/events?limit=200").get_json()["items"])
