"""Normalization: from the content that a client sends to the stored record, with ids, derived fields and version."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.edtf import bounds
from schemas.events import COMPUTED
from service.events.verification import verification

Record = dict[str, Any]

#: Fields that file a record and say nothing about the event.
FILING = frozenset({"external_ids", "tags"})

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def normalize(content: Mapping[str, Any], *, id: str, now: datetime, before: Mapping[str, Any] | None = None) -> Record:
    """Return the record of `content`, as the first version or as the one that follows `before`.

    `content` is loaded by NewEventSchema; `now` is aware. Equal content gives equal ids of parts, so that sending it
    again changes nothing. No version is earlier than the one before it, even if a clock was set back.
    """
    record = {"id": id, **content}
    _add_ids(record)
    record["dates"] = [entry | _bounds_of(entry["edtf"]) for entry in record["dates"]]
    written_at = max(timestamp(now), before["updated_at"]) if before else timestamp(now)
    record |= {
        "verification": verification(record),
        "version": before["version"] + 1 if before else 1,
        "created_at": before["created_at"] if before else written_at,
        "updated_at": written_at,
        "content_changed_at": written_at,
        "record_state": "active",
        "merged_into": None,
    }
    if before and not _differ(record, before, ignore=COMPUTED | FILING | {"change"}):
        record["content_changed_at"] = before["content_changed_at"]
    return record


def is_unchanged(record: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Return True if `record` has the content of `before`; the reason of a change is not content."""
    return not _differ(record, before, ignore=COMPUTED | {"change"})


def timestamp(instant: datetime) -> str:
    """Return `instant` in RFC 3339 and UTC, always with microseconds, so that text sorts as time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _differ(record: Mapping[str, Any], before: Mapping[str, Any], *, ignore: frozenset[str]) -> bool:
    return any(record[name] != before.get(name) for name in record if name not in ignore)


def _bounds_of(edtf: str) -> dict[str, str | None]:
    first, last = bounds(edtf).earliest, bounds(edtf).latest
    return {"earliest": first.isoformat() if first else None, "latest": last.isoformat() if last else None}


def _add_ids(record: Record) -> None:
    """Give an id to every part without one, made from its content, so that a citation of it can be read."""
    for part, stem_of in _STEMS.items():
        used_ids = {member["id"] for member in record[part]}
        record[part] = [
            member if member["id"] else member | {"id": free_id(stem_of(member), used_ids)} for member in record[part]
        ]


def free_id(text: str, used_ids: set[str | None]) -> str:
    """Return a slug of `text` that is not in `used_ids`, and add it there."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    stem = _NOT_SLUG.sub("-", plain)[:48].strip("-") or "unnamed"
    free, number = stem, 1
    while free in used_ids:
        number += 1
        free = f"{stem}-{number}"
    used_ids.add(free)
    return free


#: The text from which the id of a part is made.
_STEMS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "names": lambda name: name["kind"] or "name",
    "participants": lambda who: who["name"],
    "dates": lambda entry: entry["kind"],
    "figures": lambda figure: "-".join(filter(None, (figure["subject"], figure["measure"], figure["period"]))),
    "statements": lambda statement: "-".join(filter(None, (statement["speaker"], statement["kind"] or "statement"))),
    "sources": lambda source: source["publisher"] or source["type"],
}
