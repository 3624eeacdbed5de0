"""Which of an event's dates stands for it in lists."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from schemas.edtf import Bounds, bounds

#: What an event is remembered by, foremost first.
_FOREMOST = ("launched", "signed", "adopted", "agreed", "announced", "published", "in_force", "proposed", "reported")
_RANK = {kind: rank for rank, kind in enumerate(_FOREMOST)}

#: Sorts behind every day, as text does.
_LAST = date.max.isoformat()

Dates = Iterable[Mapping[str, Any]]


def foremost_date(dates: Dates) -> Mapping[str, Any] | None:
    """The date that stands for the event: what happened before what is expected, then by kind, then the earliest."""
    return min(dates, key=_standing, default=None)


def main_date(dates: Dates) -> Bounds | None:
    """The bounds of the foremost date."""
    foremost = foremost_date(dates)
    return bounds(foremost["edtf"]) if foremost else None


def announced_date(dates: Dates) -> Bounds | None:
    """The bounds of the earliest actual date on which it was announced or, where none is known, reported."""
    actual = [entry for entry in dates if entry["modality"] == "actual"]
    for kind in ("announced", "reported"):
        found = [bounds(entry["edtf"]) for entry in actual if entry["kind"] == kind]
        if found:
            return min(found, key=lambda entry: entry.earliest or date.max)
    return None


def _standing(entry: Mapping[str, Any]) -> tuple[bool, int, str]:
    # A completed record has its bounds beside the date; reading it again takes ten times as long.
    earliest = entry["earliest"] if "earliest" in entry else _text(bounds(entry["edtf"]).earliest)
    return entry["modality"] != "actual", _RANK.get(entry["kind"], len(_RANK)), earliest or _LAST


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
