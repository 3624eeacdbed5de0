"""The agenda's description of an open item: an open date or a pending commitment of an event."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from service.search.index.features import parties_of

Record = Mapping[str, Any]


def described(record: Record, item: str, due: date | None, today: date) -> dict[str, Any]:
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
    said = {name: entry[name] for name in ("kind", "modality", "edtf", "earliest")}
    return said | {"text": None, "speaker": None}


def _commitment(record: Record, said: Mapping[str, Any]) -> dict[str, Any]:
    speaker = next((who["name"] for who in record["participants"] if who["id"] == said["speaker"]), None)
    unknown = {"kind": "commitment", "modality": "pending", "edtf": None, "earliest": None}
    return unknown | {"text": said["text"], "speaker": speaker}
