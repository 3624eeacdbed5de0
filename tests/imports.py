"""Imports for tests: rows as they are sent, and what became of them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import an_event

NDJSON = "application/x-ndjson"
CSV = "text/csv"


def row(value: object, **said: Any) -> dict[str, Any]:
    """The row that the tracker knows by `value`."""
    return an_event(title=f"Policy {value}", external_ids=[{"scheme": "tracker", "value": str(value)}]) | said


def ndjson(*rows: Any) -> bytes:
    """Rows as lines; what is bytes already stands as it is."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in rows)


def send(
    client: FlaskClient, body: bytes, *, kind: str = NDJSON, headers: Mapping[str, str] | None = None, **query: str
) -> TestResponse:
    """The answer to an import, as it comes."""
    return client.post("/v1/imports", data=body, content_type=kind, headers=dict(headers or {}), query_string=query)


def imported(client: FlaskClient, body: bytes, *, kind: str = NDJSON, **query: str) -> dict[str, Any]:
    """What became of an import, by its last line."""
    response = client.post("/v1/imports", data=body, content_type=kind, query_string=query)
    assert response.status_code == 201, response.text
    report: dict[str, Any] = json.loads(response.text.splitlines()[-1])
    return report


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, refused: int = 0) -> dict[str, int]:
    """The rows of a report."""
    return {"created": created, "updated": updated, "unchanged": unchanged, "refused": refused}


def errors(report: Mapping[str, Any]) -> list[tuple[int, str | None, str]]:
    """Line, place and reason of each error of a report."""
    return [(one["line"], one["pointer"], one["detail"]) for one in report["errors"]]


def event(client: FlaskClient, value: object) -> dict[str, Any]:
    """The event that the tracker knows by `value`."""
    answer = client.get(f"/v1/events/by/tracker/{value}")
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def rows_in(database: str, *tables: str) -> dict[str, int]:
    """How many rows the tables have."""
    with psycopg.connect(database) as conn:
        return {name: found[0] for name in tables if (found := conn.execute(f"SELECT count(*) FROM {name}").fetchone())}


#: Tables that an event is written to.
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
    """The titles of all events, in order."""
    return sorted(one["title"] for one in client.get("/v1/events?limit=200").get_json()["items"])
