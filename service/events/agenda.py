"""The agenda: its groups by due day, and the description of an open item."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from service.search.index.features import parties_of
from service.store.events.agenda import DueRange

Record = Mapping[str, Any]

_NO_DAY = DueRange(first=date.max, last=date.min)


def group_ranges(today: date) -> Mapping[str, DueRange]:
    """Return the days of each group, seen from `today`."""
    end = today.replace(day=monthrange(today.year, today.month)[1])
    day = timedelta(1)
    return {
        "overdue": DueRange(last=today - day, latest_first=True) if today > date.min else _NO_DAY,
        "this_month": DueRange(first=today, last=end),
        "later": DueRange(first=end + day) if end < date.max else _NO_DAY,
        "undated": DueRange(undated=True),
    }


def describe_item(record: Record, item: str, due: date | None, today: date) -> dict[str, Any]:
    """Return the open item `item` of a record as AgendaItemSchema describes it, on the day `today`."""
    part, _, id_ = item.partition("/")
    fact = next(one for one in record[part] if one["id"] == id_)
    return {
        "event_id": record["id"],
        "event_title": record["title"],
        "event_type": record["event_type"],
        "event_status": record["status"],
        "item": item,
        **(_date(fact) if part == "dates" else _commitment(record, fact)),
        "due": due.isoformat() if due else None,
        "days": (due - today).days if due else None,
        "parties": sorted(parties_of(record["participants"])),
    }


def _date(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("kind", "modality", "edtf", "earliest")} | {"text": None, "speaker": None}


def _commitment(record: Record, statement: Mapping[str, Any]) -> dict[str, Any]:
    speaker = next((who["name"] for who in record["participants"] if who["id"] == statement["speaker"]), None)
    undated = {"kind": "commitment", "modality": "pending", "edtf": None, "earliest": None}
    return undated | {"text": statement["text"], "speaker": speaker}
