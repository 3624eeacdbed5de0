"""What of an event is still to come: its open dates and its pending commitments."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from service.search.index.features import parties_of
from service.store.events.links import OpenItem

Record = Mapping[str, Any]

#: States of a policy in which nothing more is to be expected of it.
CALLED_OFF = frozenset({"cancelled", "withdrawn", "superseded", "expired", "denied"})


def open_items(record: Record) -> list[OpenItem]:
    """The open items of a completed record; none where the policy was called off."""
    if record["status"] in CALLED_OFF:
        return []
    dates = [OpenItem(f"dates/{entry['id']}", _due(entry)) for entry in open_dates(record)]
    return dates + [OpenItem(f"statements/{said['id']}", None) for said in pending_commitments(record)]


def open_dates(record: Record) -> Iterator[Mapping[str, Any]]:
    """Expected dates and deadlines that no other date settles."""
    settled = {entry["resolves"] for entry in record["dates"]}
    return (entry for entry in record["dates"] if entry["modality"] != "actual" and entry["id"] not in settled)


def pending_commitments(record: Record) -> Iterator[Mapping[str, Any]]:
    """Commitments of which it is not known what became of them."""
    return (
        said
        for said in record["statements"]
        if said["kind"] == "commitment" and said["outcome"] in (None, "pending") and not said["resolved_by"]
    )


def _due(entry: Mapping[str, Any]) -> date | None:
    """The last day that the date can mean: after it the date is overdue. None where its end is open."""
    return date.fromisoformat(entry["latest"]) if entry["latest"] else None


def described(record: Record, item: str, due: date | None, today: date) -> dict[str, Any]:
    """An open item of a record as it is answered, seen from `today`."""
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
