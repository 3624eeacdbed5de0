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


def taken(name: str, file: Path, database: str) -> Result:
    command = ["import", "--mapping", str(MAPPINGS / f"{name}.toml"), "--jobs", "1", str(file)]
    return CliRunner().invoke(main, command, env={"DATABASE_URL": database})


def said_by(document: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """What `document` says where `record` says something, down to the fields of its parts."""
    return {name: _within(document[name], said) for name, said in record.items()}


def _within(stored: Any, said: Any) -> Any:
    if isinstance(said, dict):
        return said_by(stored, said)
    if isinstance(said, list):
        assert len(stored) == len(said)
        return [_within(one, other) for one, other in zip(stored, said, strict=True)]
    return stored


@pytest.mark.parametrize("name", FILES)
def test_a_tracker_is_imported_and_nothing_changes_when_it_comes_again(
    name: str, database: str, conn: psycopg.Connection
) -> None:
    file, outcomes = tracker(FILES[name]), tracker_results(name)
    made = {_key(result.record): result.record for result in outcomes if isinstance(result, MappedRecord)}
    refused = sum(isinstance(result, UnmappedRows) for result in outcomes)
    first, again = taken(name, file, database), taken(name, file, database)
    assert f"{len(made):,} created, 0 updated, 0 unchanged, {refused:,} refused. done." in first.output
    assert f"0 created, 0 updated, {len(made):,} unchanged, {refused:,} refused. done." in again.output
    stored = [orjson.loads(row[0]) for row in conn.execute("SELECT document FROM event", binary=True)]
    assert {_key(one): said_by(one, made[_key(one)]) for one in stored} == made
    assert {one["version"] for one in stored} == {1}


def _key(record: dict[str, Any]) -> str:
    return str(record["external_ids"][0]["value"])
