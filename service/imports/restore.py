"""Records exported by another service, restored with the version and the times that they had there."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from service.errors import Fault, Invalid
from service.events.normalize import Record, timestamp

#: Fields that a restored record keeps.
_RESTORED = ("version", "created_at", "content_changed_at", "updated_at")

#: How far another machine's clock may be ahead of this one.
_CLOCK_SKEW = timedelta(minutes=5)

#: The largest value of PostgreSQL's integer.
_MAX_VERSION = 2_147_483_647


def require_active(content: Mapping[str, Any]) -> None:
    """Raise Invalid if a record states that it was deleted or merged elsewhere."""
    if content.get("merged_into") is not None or content.get("record_state", "active") != "active":
        raise Invalid.at(
            "Only active records can be imported; this one was merged or deleted.", pointer="#/record_state"
        )


def is_restored(content: Any) -> bool:
    """Return True if `content` states the version and the times of an exported record."""
    return isinstance(content, Mapping) and all(content.get(name) is not None for name in _RESTORED)


def with_original_version(record: Record, content: Mapping[str, Any], now: datetime) -> Record:
    """Return a new event's `record` with the version and the times that `content` states.

    Returns `record` itself where `content` does not state all of them. Raises Invalid where they are not plausible.
    """
    if not is_restored(content):
        return record
    faults = [*_faults(content, now)]
    if faults:
        raise Invalid("The record's version or times are not valid.", faults)
    return record | {name: content[name] for name in _RESTORED}


def _faults(content: Mapping[str, Any], now: datetime) -> list[Fault]:
    version = content["version"]
    faults = []
    if type(version) is not int or not 1 <= version <= _MAX_VERSION:
        faults.append(Fault("Must be a whole number from 1.", pointer="#/version"))
    times = {name: _instant(content[name]) for name in _RESTORED[1:]}
    faults += [
        Fault('Must be a timestamp in UTC such as "2024-04-01T09:30:00.000000Z".', pointer=f"#/{name}")
        for name, instant in times.items()
        if instant is None
    ]
    valid = [instant for instant in times.values() if instant]
    if len(valid) == len(times) and valid != sorted(valid):
        faults.append(Fault("Must not be later than content_changed_at and updated_at.", pointer="#/created_at"))
    if valid and max(valid) > now + _CLOCK_SKEW:
        faults.append(Fault("Must not be in the future.", pointer="#/updated_at"))
    return faults


def _instant(text: Any) -> datetime | None:
    """Return the instant, or None where it is not written as the service writes it."""
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return instant if timestamp(instant) == text else None
