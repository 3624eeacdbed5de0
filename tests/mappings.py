"""Mappings and small tables for tests: a test writes the part of a mapping that it is about."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.errors import Invalid
from service.mappings import MappedRecord, Mapping, UnmappedRows, map_file
from service.mappings.loader import compile_mapping

ROOT = Path(__file__).resolve().parents[1]
MAPPINGS = ROOT / "examples" / "mappings"

#: The required fields of a mapping.
_REQUIRED: dict[str, Any] = {
    "title": "A policy",
    "event_type": "report",
    "participants": [{"name": "Japan", "role": "party"}],
    "sources": [{"type": "data_set", "title": "Tracker"}],
}


def a_mapping(toml: str) -> Mapping:
    """Return the mapping in `toml`, with required fields where it has none."""
    content = tomllib.loads(toml)
    return compile_mapping({**content, "event": _REQUIRED | content.get("event", {})})


def results_of(toml: str, csv: str) -> list[MappedRecord | UnmappedRows]:
    """Return the results of the rows of a table."""
    return list(map_file(a_mapping(toml), csv.splitlines(keepends=True)))


def records_of(toml: str, csv: str) -> list[dict[str, Any]]:
    """Return the records of the rows, all of which must be mapped, without the default required fields."""
    results = results_of(toml, csv)
    unmapped = [result for result in results if isinstance(result, UnmappedRows)]
    assert unmapped == []
    records = [result.record for result in results if isinstance(result, MappedRecord)]
    return [{key: value for key, value in record.items() if value != _REQUIRED.get(key)} for record in records]


def record_of(toml: str, csv: str) -> dict[str, Any]:
    """Return the only record."""
    [record] = records_of(toml, csv)
    return record


def refusals_of(toml: str, csv: str) -> list[tuple[tuple[int, ...], list[str]]]:
    """Return the lines of unmapped rows with their errors as column and sentence."""
    return [
        (result.lines, [": ".join(filter(None, (error.column, error.detail))) for error in result.errors])
        for result in results_of(toml, csv)
        if isinstance(result, UnmappedRows)
    ]


def faults_of(toml: str) -> list[str]:
    """Return the faults of an invalid mapping."""
    with pytest.raises(Invalid) as caught:
        a_mapping(toml)
    return [fault.detail for fault in caught.value.faults]


def tracker(name: str) -> Path:
    """Return the file of a real tracker. The test is skipped where there is none."""
    folder = Path(os.environ.get("POLICYTRAIL_TRACKERS") or ROOT.parent / "shared" / "data")
    path = folder / name
    if not path.is_file():
        pytest.skip(f"{name} is not here: set POLICYTRAIL_TRACKERS to the folder that has the trackers")
    return path
