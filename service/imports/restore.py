"""A record that another service exported, taken as it is: its version and times with it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from service.errors import Fault, Invalid
from service.events.normalize import Record, timestamp

#: Fields that say what became of a record where it comes from.
_KEPT = ("version", "created_at", "content_changed_at", "updated_at")

#: How far another machine's clock may be ahead of this one.
_AHEAD = timedelta(minutes=5)

#: The largest version that PostgreSQL's integer holds.
_MOST = 2_147_483_647


def require_active(said: Mapping[str, Any]) -> None:
    """Pass a record that is not said to be deleted or merged elsewhere."""
    if said.get("merged_into") is not None or said.get("record_state", "active") != "active":
        raise Invalid.at(
            "Only active records are imported; this one is said to be merged or deleted.", pointer="#/record_state"
        )


def restored(record: Record, said: Mapping[str, Any], now: datetime) -> Record:
    """The first version of an event, `record`, as `said` has it: with the version and the times that it had elsewhere.

    As it is where `said` has none of them. Invalid where they cannot be.
    """
    if not all(said.get(name) is not None for name in _KEPT):
        return record
    faults = [*_faults(said, now)]
    if faults:
        raise Invalid("The record's version or times cannot be.", faults)
    return record | {name: said[name] for name in _KEPT}


def _faults(said: Mapping[str, Any], now: datetime) -> list[Fault]:
    version = said["version"]
    faults = []
    if type(version) is not int or not 1 <= version <= _MOST:
        faults.append(Fault("Must be a version, 1 or more.", pointer="#/version"))
    times = {name: _instant(said[name]) for name in _KEPT[1:]}
    faults += [
        Fault('Must be an instant as records have it, such as "2024-04-01T09:30:00.000000Z".', pointer=f"#/{name}")
        for name, instant in times.items()
        if instant is None
    ]
    known = [instant for instant in times.values() if instant]
    if len(known) == len(times) and known != sorted(known):
        faults.append(Fault("An event is recorded before it is changed.", pointer="#/created_at"))
    if known and max(known) > now + _AHEAD:
        faults.append(Fault("Lies in the future.", pointer="#/updated_at"))
    return faults


def _instant(text: Any) -> datetime | None:
    """The instant, or None where it is not written as the service does."""
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return instant if timestamp(instant) == text else None
