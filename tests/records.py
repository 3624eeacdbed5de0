"""Normalized records for tests."""

from datetime import UTC, datetime
from typing import Any

from schemas.events import NewEventSchema
from service.events.normalize import normalize
from service.exports.feed_metadata import Feed
from tests.factories import an_event

ID = "01980000-0000-7000-8000-000000000001"
MONDAY = datetime(2024, 4, 1, 9, 30, tzinfo=UTC)

FEED = Feed(
    title="Policytrail: party=JP",
    service="https://policy.example",
    address="https://policy.example/v1/events.atom?party=JP&cursor=1",
    first="https://policy.example/v1/events.atom?party=JP",
    next=None,
    began_at="2024-01-01T00:00:00.000000Z",
)


def a_record(id: str = ID, now: datetime = MONDAY, **fields: Any) -> dict[str, Any]:
    """Return the record of `an_event(**fields)`."""
    return normalize(NewEventSchema().load(an_event(**fields)), id=id, now=now)


def a_date(edtf: str, modality: str = "actual", kind: str = "launched", **fields: Any) -> dict[str, Any]:
    """Return a date of a request."""
    return {"id": kind, "kind": kind, "edtf": edtf, "modality": modality} | fields
