"""Mappings and small tables for tests: a test writes the part of a mapping that it is about."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.errors import Invalid
from service.mappings import Mapped, Mapping, Refused, records
from service.mappings.loader import mapping_in

ROOT = Path(__file__).resolve().parents[1]
MAPPINGS = ROOT / "examples" / "mappings"

#: What a mapping must at least say.
_LEAST: dict[str, Any] = {
    "title": "A policy",
    "event_type": "report",
    "participants": [{"name": "Japan", "role": "party"}],
    "sources": [{"type": "data_set", "title": "Tracker"}],
}


def a_mapping(toml: str) -> Mapping:
    """The mapping that `toml` says, with what a mapping must at least say where it does not."""
    said = tomllib.loads(toml)
    return mapping_in({**said, "event": _LEAST | said.get("event", {})})


def outcomes_of(toml: str, csv: str) -> list[Mapped | Refused]:
    """What becomes of the rows of a table, whose first line is its header."""
    return list(records(a_mapping(toml), csv.splitlines(keepends=True)))


def records_of(toml: str, csv: str) -> list[dict[str, Any]]:
    """What the mapping itself says of each record, all of which it must make."""
    outcomes = outcomes_of(toml, csv)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused == []
    made = [outcome.record for outcome in outcomes if isinstance(outcome, Mapped)]
    return [{key: value for key, value in record.items() if value != _LEAST.get(key)} for record in made]


def record_of(toml: str, csv: str) -> dict[str, Any]:
    """What the mapping itself says of the only record."""
    [record] = records_of(toml, csv)
    return record


def refusals_of(toml: str, csv: str) -> list[tuple[tuple[int, ...], list[str]]]:
    """The lines that give no record, and why: column and sentence."""
    return [
        (outcome.lines, [": ".join(filter(None, (reason.column, reason.detail))) for reason in outcome.reasons])
        for outcome in outcomes_of(toml, csv)
        if isinstance(outcome, Refused)
    ]


def faults_of(toml: str) -> list[str]:
    """What is wrong with a mapping."""
    with pytest.raises(Invalid) as caught:
        a_mapping(toml)
    return [fault.detail for fault in caught.value.faults]


def tracker(name: str) -> Path:
    """The file of a real tracker. The test is skipped where there is none."""
    folder = Path(os.environ.get("POLICYTRAIL_TRACKERS") or ROOT.parent / "shared" / "data")
    path = folder / name
    if not path.is_file():
        pytest.skip(f"{name} is not here: set POLICYTRAIL_TRACKERS to the folder that has the trackers")
    return path
