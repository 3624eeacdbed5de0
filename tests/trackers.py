"""The real trackers by the mappings in examples/, mapped once for all tests and processes."""

import csv
import os
import pickle
from collections.abc import Mapping
from dataclasses import replace
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path
from typing import Any

from service.mappings import MappedRecord, UnmappedRows, load_mapping, map_file, text_lines
from tests.folders import TRACKERS
from tests.mappings import MAPPINGS, tracker

CPD, LAWS, CORONANET = "climate-policy-database", "climate-laws", "coronanet"
FILES = {
    CPD: "climate-policy-database/policies.csv",
    LAWS: "climate-laws/laws-and-policies.csv",
    CORONANET: "coronanet/policies.csv",
}

TrackerRow = Mapping[str, str]


Results = tuple[MappedRecord | UnmappedRows, ...]


@cache
def _results(name: str, path: Path) -> Results:
    """Return the results of a tracker, which one process of a run maps and the others read."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return _map(name, path)
    (TRACKERS / run).mkdir(parents=True, exist_ok=True)
    file = TRACKERS / run / f"{name}.pickle"
    with file.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not file.exists():
            file.write_bytes(pickle.dumps(_map(name, path)))
    results: Results = pickle.loads(file.read_bytes())  # noqa: S301 (written above)
    return results


def _map(name: str, path: Path) -> Results:
    mapping = load_mapping(MAPPINGS / f"{name}.toml")
    with path.open("rb") as stream:
        results = map_file(mapping, text_lines(mapping, stream))
        # Origins are functions of the mapping, which no file holds.
        return tuple(replace(one, origins={}) if isinstance(one, MappedRecord) else one for one in results)


def tracker_results(name: str) -> Results:
    """Return the results of the rows of a tracker, without the origins of their fields."""
    return _results(name, tracker(FILES[name]))


def tracker_records(name: str) -> list[dict[str, Any]]:
    """Return the records of a tracker."""
    return [result.record for result in tracker_results(name) if isinstance(result, MappedRecord)]


@cache
def tracker_rows(name: str) -> tuple[TrackerRow, ...]:
    """Return the rows of a tracker as the csv module alone reads them."""
    with tracker(FILES[name]).open(encoding="utf-8-sig", newline="") as file:
        return tuple(csv.DictReader(file))


def tracker_record(name: str, scheme: str, value: str) -> dict[str, Any]:
    """Return the record with an external id."""
    [record] = [one for one in tracker_records(name) if {"scheme": scheme, "value": value} in one["external_ids"]]
    return record
