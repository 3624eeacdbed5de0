"""From what a client says of an event to the record that is kept: ids, derived facts, version."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.edtf import bounds
from schemas.events import COMPUTED
from service.events.verification import verification

Record = dict[str, Any]

#: Fields that say how a record is filed, not what the event is.
FILING = frozenset({"external_ids", "tags"})

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def normalize(content: Mapping[str, Any], *, id: str, now: datetime, before: Mapping[str, Any] | None = None) -> Record:
    """The record of `content`, as its first version or as the one that follows `before`.

    `content` is what NewEventSchema loaded; `now` is aware. Equal content gives equal ids of parts, so that sending the
    same again changes nothing.
    """
    record = {"id": id, **content}
    _give_ids(record)
    record["dates"] = [entry | _bounds_of(entry["edtf"]) for entry in record["dates"]]
    written = timestamp(now)
    record |= {
        "verification": verification(record),
        "version": before["version"] + 1 if before else 1,
        "created_at": before["created_at"] if before else written,
        "updated_at": written,
        "content_changed_at": written,
        "record_state": "active",
        "merged_into": None,
    }
    if before and not _differ(record, before, besides=COMPUTED | FILING | {"change"}):
        record["content_changed_at"] = before["content_changed_at"]
    return record


def is_unchanged(record: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether `record` says what `before` said; the reason given for a change is not one."""
    return not _differ(record, before, besides=COMPUTED | {"change"})


def timestamp(instant: datetime) -> str:
    """`instant` as the record writes it: RFC 3339 in UTC, microseconds always, so that text sorts as time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _differ(record: Mapping[str, Any], before: Mapping[str, Any], *, besides: frozenset[str]) -> bool:
    return any(record[name] != before.get(name) for name in record if name not in besides)


def _bounds_of(edtf: str) -> dict[str, str | None]:
    found = bounds(edtf)
    return {
        "earliest": found.earliest.isoformat() if found.earliest else None,
        "latest": found.latest.isoformat() if found.latest else None,
    }


def _give_ids(record: Record) -> None:
    """An id for every part that came without one, after what it is, so that it means something in a citation."""
    for part, stem_of in _STEMS.items():
        taken = {member["id"] for member in record[part]}
        record[part] = [
            member if member["id"] else member | {"id": free_id(stem_of(member), taken)} for member in record[part]
        ]


def free_id(text: str, taken: set[str | None]) -> str:
    """A slug of `text` that is not in `taken`, and is from now on."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    stem = _NOT_SLUG.sub("-", plain)[:48].strip("-") or "unnamed"
    free, number = stem, 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    taken.add(free)
    return free


#: What a part's id is made from.
_STEMS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "names": lambda name: name["kind"] or "name",
    "participants": lambda who: who["name"],
    "dates": lambda entry: entry["kind"],
    "figures": lambda figure: "-".join(filter(None, (figure["subject"], figure["measure"], figure["period"]))),
    "statements": lambda statement: "-".join(filter(None, (statement["speaker"], statement["kind"] or "statement"))),
    "sources": lambda source: source["publisher"] or source["type"],
}
