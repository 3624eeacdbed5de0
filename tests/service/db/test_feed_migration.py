"""What was written before there was a feed is in it, in its order."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from schemas.events import NewEventSchema
from service import store
from service.config import MIGRATIONS
from service.db.embedded_postgres import Server
from service.db.migrations import migrate
from service.events.normalize import normalize
from service.store.feed import MATCHER
from tests.factories import an_event

FIRST, SECOND = UUID(int=1), UUID(int=2)
NOON = datetime(2024, 4, 2, 12, tzinfo=UTC)


@pytest.fixture
def before(cluster: Server, admin: psycopg.Connection, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """A database as it was before the feed."""
    for migration in sorted(MIGRATIONS.glob("*.sql"))[:8]:
        shutil.copy(migration, tmp_path)
    admin.execute(SQL("CREATE DATABASE {}").format(Identifier("before_the_feed")))
    with psycopg.connect(cluster.dsn("before_the_feed")) as conn:
        migrate(conn, tmp_path)
        yield conn
    admin.execute("DROP DATABASE before_the_feed WITH (FORCE)")


def test_earlier_versions_become_entries(before: psycopg.Connection) -> None:
    keep(before, FIRST, 1, NOON)
    keep(before, SECOND, 1, NOON + timedelta(minutes=2))
    # Written by a machine whose clock is behind.
    keep(before, FIRST, 2, NOON - timedelta(minutes=5), title="B", tags=["x"])
    keep(before, SECOND, 2, NOON + timedelta(minutes=3), record_state="merged", merged_into=str(FIRST))
    keep(before, FIRST, 3, NOON + timedelta(minutes=4), record_state="deleted")
    before.commit()
    migrate(before, MIGRATIONS)

    feed = before.execute("SELECT seq, event_id, version, kind, changed, merged_into FROM feed ORDER BY seq").fetchall()
    assert feed == [
        (1, FIRST, 1, "create", None, None),
        (2, FIRST, 2, "update", ["tags", "title"], None),
        (3, SECOND, 1, "create", None, None),
        (4, SECOND, 2, "merge", ["merged_into", "record_state"], FIRST),
        (5, FIRST, 3, "delete", None, None),
    ]
    head = store.feed.get_head(before)
    assert (head.seq, head.floor, head.waiting) == (5, 0, False)
    assert before.execute("SELECT seq FROM feed_cursor WHERE name = %s", (MATCHER,)).fetchone() == (5,)


def keep(conn: psycopg.Connection, id: UUID, version: int, at: datetime, **said: Any) -> None:
    """A version of an event as it was kept then, as far as the feed is concerned."""
    content = NewEventSchema().load(an_event())
    record = normalize(content, id=str(id), now=NOON) | {"version": version} | said
    state = record["record_state"]
    row = {
        "id": id,
        "version": version,
        "state": state,
        "into": record["merged_into"],
        "at": at,
        "document": b"" if state == "deleted" else orjson.dumps(record),
    }
    for table in ("event", "event_revision"):
        conn.execute(
            f"""
            INSERT INTO {table} (id, version, record_state, merged_into, event_type, parties, affected, jurisdictions,
                                 topics, tags, title_key, created_at, updated_at, content_changed_at, document)
            VALUES (%(id)s, %(version)s, %(state)s, %(into)s, 'report', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '',
                    %(at)s, %(at)s, %(at)s, %(document)s)
                ON CONFLICT DO NOTHING
            """,
            row,
        )
