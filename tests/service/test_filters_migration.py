"""What was stored before there were filters is found by them: 0007_filters.sql fills the columns as a write does."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Placeholder

from schemas.events import NewEventSchema
from service.db.embedded_postgres import Server
from service.db.migrations import migrate
from service.events.normalize import normalize
from service.events.write import row_of
from service.ids import uuid7
from service.search.index.source_keys import url_key
from tests.factories import a_full_event, an_event

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

NEW = ("verification", "publishers", "currencies", "labels", "dates", "figures")

#: The columns of an event before.
BEFORE = (
    *("id", "version", "event_type", "status", "parties", "affected", "jurisdictions", "topics", "tags", "title_key"),
    *("date_earliest", "date_latest", "announced_earliest", "created_at", "updated_at", "content_changed_at"),
    "document",
)


def said(edtf: str, *values: str, lang: str | None = None) -> dict[str, Any]:
    """An event with a date, and figures of these values."""
    return an_event(
        lang=lang,
        dates=[{"kind": "launched", "edtf": edtf, "modality": "actual"}],
        figures=[{"measure": "budget", "value": value, "unit": "%"} for value in values],
        sources=[{"type": "report", "publisher": "é, b", "url": f"https://www.a.eu/{edtf}/?utm_source=x#top"}],
    )


SAID = [
    an_event(),
    a_full_event(topics=[], relations=[]),
    said("2024", "0", "0.00", "-0"),
    said("2019/2024", "0.5", "-0.5", "9.99", lang="zh-Hant-TW"),
    said("2019/2023-06-01", "10", "-123456.7", "9" * 30),
    said("2024-04-30/2024-05-01"),
    said("2024-04/.."),
    said("../2024"),
    said("0001"),
]


@pytest.fixture
def before(cluster: Server, admin: psycopg.Connection, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """A connection to a database as it was before the migration."""
    for file in sorted(MIGRATIONS.glob("000[1-6]_*.sql")):
        shutil.copy(file, tmp_path)
    name = "policytrail_before_filters"
    admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    with psycopg.connect(cluster.dsn(name)) as conn:
        migrate(conn, tmp_path)
        yield conn
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def test_events_that_were_there_before_have_what_filters_look_at(before: psycopg.Connection, tmp_path: Path) -> None:
    expected, now = {}, datetime(2026, 1, 1, tzinfo=UTC)
    for content in SAID:
        id_ = uuid7()
        record = normalize(NewEventSchema().load(content), id=str(id_), now=now)
        row = vars(row_of(record, id_, now))
        expected[id_] = [json.loads(row[name]) if name in ("dates", "figures") else row[name] for name in NEW]
        for table in ("event", "event_revision"):
            insert = SQL("INSERT INTO {} (record_state, {}) VALUES ('active', {})").format(
                Identifier(table), SQL(", ").join(map(Identifier, BEFORE)), SQL(", ").join(map(Placeholder, BEFORE))
            )
            before.execute(insert, row)
        for key in {url_key(source["url"]) for source in record["sources"] if source["url"]}:
            before.execute("INSERT INTO event_source VALUES (%s, %s)", (id_, key))
    before.commit()

    shutil.copy(MIGRATIONS / "0007_filters.sql", tmp_path)
    migrate(before, tmp_path)

    for table in ("event", "event_revision"):
        columns = SQL(", ").join(map(Identifier, NEW))
        found = before.execute(SQL("SELECT id, {} FROM {}").format(columns, Identifier(table)))
        assert {id_: _in_order(values) for id_, *values in found} == {
            id_: _in_order(values) for id_, values in expected.items()
        }


def _in_order(values: list[Any]) -> list[Any]:
    return [
        sorted(value) if isinstance(value, list) and value and isinstance(value[0], str) else value for value in values
    ]
