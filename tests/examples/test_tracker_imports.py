"""Each tracker, whole, into a database by `policytrail import --mapping`."""

from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.mappings import MappedRecord, UnmappedRows
from tests.mappings import MAPPINGS, tracker
from tests.trackers import FILES, tracker_results


def import_tracker(name: str, file: Path, database: str) -> Result:
    command = ["import", "--mapping", str(MAPPINGS / f"{name}.toml"), "--jobs", "1", str(file)]
    return CliRunner().invoke(main, command, env={"DATABASE_URL": database})


def said_by(document: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """What `document` says where `record` says something, down to the fields of its parts."""
    return {name: _within(document[name], value) for name, value in record.items()}


def _within(stored: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return said_by(stored, value)
    if isinstance(value, list):
        assert len(stored) == len(value)
        return [_within(one, other) for one, other in zip(stored, value, strict=True)]
    return stored


@pytest.mark.parametrize("name", FILES)
def test_importing_a_tracker_twice_changes_nothing_the_second_time(
    name: str, database: str, conn: psycopg.Connection
) -> None:
    file, outcomes = tracker(FILES[name]), tracker_results(name)
    records = {_key(result.record): result.record for result in outcomes if isinstance(result, MappedRecord)}
    refused = sum(isinstance(result, UnmappedRows) for result in outcomes)
    first, again = import_tracker(name, file, database), import_tracker(name, file, database)
    assert f"{len(records):,} created, 0 updated, 0 unchanged, {refused:,} refused. done." in first.output
    assert f"0 created, 0 updated, {len(records):,} unchanged, {refused:,} refused. done." in again.output
    stored = [orjson.loads(row[0]) for row in conn.execute("SELECT document FROM event", binary=True)]
    assert {_key(one): said_by(one, records[_key(one)]) for one in stored} == records
    assert {one["version"] for one in stored} == {1}


def _key(record: dict[str, Any]) -> str:
    return str(record["external_ids"][0]["value"])
