"""Real trackers by their mappings: how long, how many events, and what was refused and why."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bulk.imports import imported_by_mapping
from service.config import ROOT
from service.embedded import Server

#: The file of each tracker, by the name of its mapping.
_FILES = {
    "climate-laws": "laws-and-policies.csv",
    "climate-policy-database": "policies.csv",
    "coronanet": "policies.csv",
}

_MAPPINGS = ROOT / "examples" / "mappings"

HEADINGS = ("tracker", "seconds", "events", "refused", "why")


def measure(on: Server, trackers: Path, directory: Path) -> Iterator[tuple[str, ...]]:
    """A line of the table for each tracker that is in the folder `trackers`."""
    for name, file in _FILES.items():
        path = trackers / name / file
        if path.exists():
            errors = directory / f"{name}.errors"
            spent, taken = imported_by_mapping(on, path, _MAPPINGS / f"{name}.toml", errors)
            why = Counter(_reason(line) for line in errors.read_text().splitlines())
            reasons = "; ".join(f"{reason} ({number})" for reason, number in why.most_common(3))
            yield name, f"{spent.seconds:,.1f}", f"{taken:,}", f"{why.total():,}", reasons


def _reason(line: str) -> str:
    """What was wrong, without the values of one row."""
    said = json.loads(line)
    detail: str = said["detail"].partition(". Refused with it")[0].rstrip(".")
    return detail


def table(lines: list[tuple[str, ...]]) -> str:
    """The lines in markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (HEADINGS, ("-",) * len(HEADINGS), *lines))
