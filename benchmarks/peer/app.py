"""The peer: the same three routes, written after the documentation of FastAPI and asyncpg.

The lifespan opens the pool; pydantic models validate requests and render responses. The peer reads and writes the
service's own tables. README.md lists the work of the service that it omits.
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

from benchmarks.peer.models import Date, Event, NewDate, NewEvent, Page
from benchmarks.peer.rows import CREATE, values_of
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
            await conn.execute(CREATE, *values_of(event))
    except asyncpg.UniqueViolationError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, "One of the external ids belongs to another event.") from error
    return event


def complete(new: NewEvent, now: datetime) -> Event:
    """Return the event that is recorded for `new`, with the members that the service adds; nothing is verified."""
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
    """Return `entry` with the first and last day of a plain year, month or day, the only EDTF dates that are parsed."""
    try:
        year, month, day = (*map(int, entry.edtf.split("-")), 0, 0)[:3]
        last_day = day or monthrange(year, month or 12)[1]
        earliest, latest = date(year, month or 1, day or 1), date(year, month or 12, last_day)
    except ValueError:
        return Date(**dict(entry), earliest=None, latest=None)
    return Date(**dict(entry), earliest=earliest, latest=latest)
