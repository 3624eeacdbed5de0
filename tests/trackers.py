"""The real trackers by the mappings in examples/, read once for all tests."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from service.mappings import Mapped, Refused, load_mapping, records, text_lines
from tests.mappings import MAPPINGS, tracker

CPD, LAWS, CORONANET = "climate-policy-database", "climate-laws", "coronanet"
FILES = {
    CPD: "climate-policy-database/policies.csv",
    LAWS: "climate-laws/laws-and-policies.csv",
    CORONANET: "coronanet/policies.csv",
}

Row = Mapping[str, str]


@cache
def _outcomes(name: str, path: Path) -> tuple[Mapped | Refused, ...]:
    mapping = load_mapping(MAPPINGS / f"{name}.toml")
    with path.open("rb") as stream:
        return tuple(records(mapping, text_lines(mapping, stream)))


def outcomes_of(name: str) -> tuple[Mapped | Refused, ...]:
    """What becomes of the rows of a tracker."""
    return _outcomes(name, tracker(FILES[name]))


@cache
def rows_of(name: str) -> tuple[Row, ...]:
    """Its rows, by the csv module alone."""
    with tracker(FILES[name]).open(encoding="utf-8-sig", newline="") as file:
        return tuple(csv.DictReader(file))


def record(name: str, scheme: str, value: str) -> dict[str, Any]:
    """The record that has an external id."""
    [found] = [
        outcome.record
        for outcome in outcomes_of(name)
        if isinstance(outcome, Mapped) and {"scheme": scheme, "value": value} in outcome.record["external_ids"]
    ]
    return found
