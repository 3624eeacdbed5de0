"""POST /v1/imports while something goes wrong in the middle: other writers, what cannot be stored, faults of ours."""

import json
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg import DataError

from service import store
from service.errors import Conflict, Stale
from tests.imports import counts, errors, import_report, ndjson, row, send, titles


@pytest.mark.parametrize("error", [Conflict("Another writer was first."), DataError("cannot be stored")])
def test_a_row_that_cannot_be_written_is_the_only_refused_one(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    write = store.events.bulk.write_versions

    def fails_for_one(conn: Any, new: Any, *rest: Any, **options: Any) -> None:
        write(conn, new, *rest, **options)
        if any(version.row.title_key == "poison" for version in new):
            raise error

    monkeypatch.setattr(store.events.bulk, "write_versions", fails_for_one)
    report = import_report(client, ndjson(row(1), row(2, title="Poison"), b"{", row(3)))
    assert (report["rows"], report["line"]) == (counts(created=2, refused=2), 4)
    assert [line for line, _, _ in errors(report)] == [2, 3]
    assert titles(client) == ["Policy 1", "Policy 3"]


def test_a_batch_is_retried_after_a_conflict_with_another_writer(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, tries = store.events.bulk.write_versions, count()

    def fails_twice(*rest: Any, **options: Any) -> None:
        write(*rest, **options)
        if next(tries) < 2:
            raise Stale("An event has changed.")

    monkeypatch.setattr(store.events.bulk, "write_versions", fails_twice)
    assert import_report(client, ndjson(row(1), row(2)))["rows"] == counts(created=2)
    assert import_report(client, ndjson(row(1, title="Changed")), mode="atomic")["rows"] == counts(updated=1)


def test_an_internal_error_is_reported_without_its_message(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(store.events.bulk, "write_versions", fail)
    response = send(client, ndjson(row(1)))
    report = json.loads(response.text.splitlines()[-1])
    assert (report["state"], "hunter2" in response.text) == ("failed", False)
    assert report["reason"].startswith("Something went wrong in the service")
