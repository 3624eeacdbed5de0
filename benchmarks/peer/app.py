"""The peer: the same three routes as FastAPI's and asyncpg's documentation would have them.

A lifespan opens the pool; pydantic models say what comes in and what goes out, and render it. It reads and writes the
service's own tables. What it does less than the service stands in README.md.
"""

import os
from calendar import monthrange
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Query, Request, status

from benchmarks.peer.models import Date, Event, NewDate, NewEvent, Page, Participant
from service.ids import uuid7

GET = "SELECT version, record_state, document FROM event WHERE id = $1"

LIST = """
    SELECT document
      FROM event
     WHERE record_state = 'active'
       AND ($2::uuid IS NULL
            OR (coalesce(date_earliest, '-infinity'), id)
             < (SELECT coalesce(date_earliest, '-infinity'), id FROM event WHERE id = $2))
     ORDER BY coalesce(date_earliest, '-infinity') DESC, id DESC
     LIMIT $1
"""

CREATE = """
    WITH written AS (
        INSERT INTO event (id, version, record_state, event_type, status, parties, affected, jurisdictions, topics,
                           tags, title_key, date_earliest, date_latest, announced_earliest, created_at, updated_at,
                           content_changed_at, document)
        VALUES ($1, 1, 'active', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $13, $14)
        RETURNING *
    ), external AS (
        INSERT INTO event_external_id (scheme, value, event_id)
        SELECT scheme, value, $1
          FROM unnest($15::text[], $16::text[]) AS given (scheme, value)
    ), source AS (
        INSERT INTO event_source (event_id, url_key) SELECT $1, unnest($17::text[])
    )
    INSERT INTO event_revision SELECT written.*, NULL, $18, $19 FROM written
"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold a pool of connections while the app runs."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/v1/events")
async def list_events(
    request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 20, after: UUID | None = None
) -> Page[Event]:
    """List events, newest first."""
    async with request.app.state.pool.acquire() as conn:
        rows = await conn.fetch(LIST, limit + 1, after)
    items = [Event.model_validate_json(row["document"]) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next=f"/v1/events?limit={limit}&after={items[-1].id}" if more else None)


@app.get("/v1/events/{event_id}")
async def get_event(request: Request, event_id: UUID) -> Event:
    """Read one event."""
    async with request.app.state.pool.acquire() as conn:
        row = await conn.fetchrow(GET, event_id)
    if row is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no event {event_id}.")
    if row["record_state"] == "deleted":
        raise HTTPException(status.HTTP_410_GONE, f"The event {event_id} was deleted.")
    return Event.model_validate_json(row["document"])


@app.post("/v1/events", status_code=status.HTTP_201_CREATED)
async def create_event(request: Request, new: NewEvent) -> Event:
    """Record an event."""
    event = complete(new, datetime.now(UTC))
    try:
        async with request.app.state.pool.acquire() as conn, conn.transaction():
            await conn.execute(CREATE, *columns_of(event))
    except asyncpg.UniqueViolationError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, "One of the external ids belongs to another event.") from error
    return event


def complete(new: NewEvent, now: datetime) -> Event:
    """`new` with what the service adds. Nothing is verified here."""
    fields = dict(new) | {"dates": [with_bounds(entry) for entry in new.dates]}
    return Event(
        **fields,
        id=uuid7(),
        verification="unverified",
        version=1,
        created_at=now,
        updated_at=now,
        content_changed_at=now,
        record_state="active",
        merged_into=None,
    )


def with_bounds(entry: NewDate) -> Date:
    """`entry` with the first and last day of a plain year, month or day; EDTF knows many more."""
    try:
        year, month, day = (*map(int, entry.edtf.split("-")), 0, 0)[:3]
        last_day = day or monthrange(year, month or 12)[1]
        earliest, latest = date(year, month or 1, day or 1), date(year, month or 12, last_day)
    except ValueError:
        return Date(**dict(entry), earliest=None, latest=None)
    return Date(**dict(entry), earliest=earliest, latest=latest)


def columns_of(event: Event) -> tuple[object, ...]:
    """What CREATE takes, in its order; the document last but four."""
    who = event.participants
    actual = [entry.earliest for entry in event.dates if entry.modality == "actual" and entry.earliest]
    first = min(actual, default=None)
    last = max((entry.latest for entry in event.dates if entry.earliest == first and entry.latest), default=None)
    return (
        event.id,
        event.event_type,
        event.status,
        jurisdictions(who, "party"),
        jurisdictions(who, "affected", "dependency_source"),
        jurisdictions(who),
        sorted({topic.id for topic in event.topics}),
        sorted(set(event.tags)),
        event.title.casefold()[:80],
        first,
        last,
        first,
        event.created_at,
        event.model_dump_json().encode(),
        [external.scheme for external in event.external_ids],
        [external.value for external in event.external_ids],
        sorted({source.url.split("://", 1)[1] for source in event.sources if source.url}),
        event.change.kind,
        event.change.reason,
    )


def jurisdictions(participants: list[Participant], *roles: str) -> list[str]:
    """Where those with one of `roles` belong, or all."""
    return sorted({who.jurisdiction for who in participants if who.jurisdiction and (not roles or who.role in roles)})
