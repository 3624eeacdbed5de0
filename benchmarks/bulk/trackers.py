"""Imports of real trackers by their mappings: seconds, events, and refused rows with the reasons."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks import markdown
from benchmarks.bulk.imports import import_by_mapping
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

#: The end of an error that refuses other rows of the same event.
_OTHERS = re.compile(r" Refused with it, as rows of one event: lines ([0-9, -]+)\.\Z")


def measure(on: Server, trackers: Path, directory: Path) -> Iterator[tuple[str, ...]]:
    """Return a line of the table for each tracker in the folder `trackers`."""
    for name, file in _FILES.items():
        path = trackers / name / file
        if path.exists():
            errors = directory / f"{name}.errors"
            cost, events = import_by_mapping(on, path, _MAPPINGS / f"{name}.toml", errors)
            rows, refused, counts = _rows(path), set[int](), Counter[str]()
            for error in errors.read_text().splitlines():
                reason, lines = _refusal(error)
                refused |= lines
                counts[reason] += len(lines)
            numbers = (rows, rows - len(refused), len(refused), events)
            reasons = "; ".join(f"{reason} ({number:,})" for reason, number in counts.most_common(3))
            yield name, f"{cost.seconds:,.1f}", *(f"{number:,}" for number in numbers), reasons


def _rows(path: Path) -> int:
    """Return the number of rows below the header of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(any(row) for row in csv.reader(file)) - 1


def _refusal(error: str) -> tuple[str, set[int]]:
    """Return the reason of an error, and the first lines of all rows that it refuses: several may be one event."""
    problem = json.loads(error)
    others = _OTHERS.search(problem["detail"])
    spans = [span.split("-") for span in others[1].split(", ")] if others else []
    lines = {line for span in spans for line in range(int(span[0]), int(span[-1]) + 1)}
    return _OTHERS.sub("", problem["detail"]).rstrip("."), {problem["line"], *lines}


def table(lines: list[tuple[str, ...]]) -> str:
    """Return the lines in Markdown."""
    return markdown.table(HEADINGS, lines)
