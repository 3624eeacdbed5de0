"""The real trackers by the mappings in examples/, mapped once for all tests."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from service.mappings import MappedRecord, UnmappedRows, load_mapping, map_file, text_lines
from tests.mappings import MAPPINGS, tracker

CPD, LAWS, CORONANET = "climate-policy-database", "climate-laws", "coronanet"
FILES = {
    CPD: "climate-policy-database/policies.csv",
    LAWS: "climate-laws/laws-and-policies.csv",
    CORONANET: "coronanet/policies.csv",
}

TrackerRow = Mapping[str, str]


@cache
def _results(name: str, path: Path) -> tuple[MappedRecord | UnmappedRows, ...]:
    mapping = load_mapping(MAPPINGS / f"{name}.toml")
    with path.open("rb") as stream:
        return tuple(map_file(mapping, text_lines(mapping, stream)))


def tracker_results(name: str) -> tuple[MappedRecord | UnmappedRows, ...]:
    """Return the results of the rows of a tracker."""
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
