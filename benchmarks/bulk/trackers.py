"""Real trackers by their mappings: how long, how many events, and what was refused and why."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks import markdown
from benchmarks.bulk.imports import imported_by_mapping
from service.config import ROOT
from service.db.embedded_postgres import Server

#: The file of each tracker, by the name of its mapping.
_FILES = {
    "climate-laws": "laws-and-policies.csv",
    "climate-policy-database": "policies.csv",
    "coronanet": "policies.csv",
}

_MAPPINGS = ROOT / "examples" / "mappings"

HEADINGS = ("tracker", "seconds", "rows", "taken", "refused", "events", "why refused")

_OTHERS = re.compile(r" Refused with it, as rows of one event: lines ([0-9, -]+)\.\Z")


def measure(on: Server, trackers: Path, directory: Path) -> Iterator[tuple[str, ...]]:
    """A line of the table for each tracker that is in the folder `trackers`."""
    for name, file in _FILES.items():
        path = trackers / name / file
        if path.exists():
            errors = directory / f"{name}.errors"
            spent, events = imported_by_mapping(on, path, _MAPPINGS / f"{name}.toml", errors)
            rows, refused, why = _rows(path), set[int](), Counter[str]()
            for error in errors.read_text().splitlines():
                reason, lines = _refusal(error)
                refused |= lines
                why[reason] += len(lines)
            numbers = (rows, rows - len(refused), len(refused), events)
            reasons = "; ".join(f"{reason} ({number:,})" for reason, number in why.most_common(3))
            yield name, f"{spent.seconds:,.1f}", *(f"{number:,}" for number in numbers), reasons


def _rows(path: Path) -> int:
    """Rows of a CSV file below its header, as the csv module alone counts them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(any(row) for row in csv.reader(file)) - 1


def _refusal(error: str) -> tuple[str, set[int]]:
    """What was wrong, and on which lines the rows begin that were refused for it: several may be one event."""
    said = json.loads(error)
    others = _OTHERS.search(said["detail"])
    spans = [span.split("-") for span in others[1].split(", ")] if others else []
    lines = {line for span in spans for line in range(int(span[0]), int(span[-1]) + 1)}
    return _OTHERS.sub("", said["detail"]).rstrip("."), {said["line"], *lines}


def table(lines: list[tuple[str, ...]]) -> str:
    """The lines in markdown."""
    return markdown.table(HEADINGS, lines)
