"""Writes of many events by a few statements, for imports; records.py writes one event."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from service.errors import Conflict, Stale
from service.store.events.links import Links
from service.store.events.records import Authorship, EventRow, StoredEvent
from service.store.search.documents import upsert_search_documents

ExternalId = tuple[str, str]


@dataclass(frozen=True)
class ExistingEvent:
    """A stored event, as an import compares its rows with it."""

    id: UUID
    version: int
    record_state: str
    merged_into: UUID | None
    #: The digest of the last imported row of this event and the version that it wrote; None without one.
    digest: bytes | None
    marked: int | None
    #: True if other events were merged into it.
    absorbed: bool


@dataclass(frozen=True)
class EventVersion:
    """A version to write, with its links and the digest of its row in the import."""

    row: EventRow
    links: Links
    by: Authorship
    digest: bytes

    @property
    def mark(self) -> tuple[UUID, int, bytes]:
        """The import mark: event, version and digest of the row."""
        return self.row.id, self.row.version, self.digest


_EXISTING = """
    event.id, event.version, record_state, merged_into, digest, import_mark.version AS marked,
    EXISTS (SELECT FROM event AS other WHERE other.merged_into = event.id) AS absorbed
    """


def find_existing_by_id(conn: Connection, ids: Collection[UUID]) -> dict[UUID, ExistingEvent]:
    """Return those of the events `ids` that exist, in any state."""
    if not ids:
        return {}
    cur = conn.cursor(row_factory=class_row(ExistingEvent))
    cur.execute(
        f"""
        SELECT {_EXISTING}
          FROM event
          LEFT JOIN import_mark ON event_id = event.id
         WHERE event.id = ANY(%s)
        """,
        (list(ids),),
        binary=True,
    )
    return {event.id: event for event in cur}


def find_existing_by_external_id(
    conn: Connection, external_ids: Collection[ExternalId]
) -> dict[ExternalId, ExistingEvent]:
    """Return the events with these external ids."""
    if not external_ids:
        return {}
    rows = conn.execute(
        f"""
        SELECT external.scheme, external.value, {_EXISTING}
          FROM unnest(%s::text[], %s::text[]) AS requested (scheme, value)
          JOIN event_external_id AS external USING (scheme, value)
          JOIN event ON event.id = external.event_id
          LEFT JOIN import_mark ON import_mark.event_id = event.id
        """,
        _columns(external_ids, 2),
        binary=True,
    )
    return {(scheme, value): ExistingEvent(*rest) for scheme, value, *rest in rows}


def find_merged_external_ids(conn: Connection, ids: Collection[UUID]) -> dict[ExternalId, UUID]:
    """Return the external ids of events that were merged into the events `ids`, each with that merged event."""
    if not ids:
        return {}
    rows = conn.execute(
        """
        SELECT external ->> 'scheme', external ->> 'value', id
          FROM event
         CROSS JOIN LATERAL json_array_elements(convert_from(document, 'UTF8')::json -> 'external_ids') AS external
         WHERE merged_into = ANY(%s)
        """,
        (list(ids),),
        binary=True,
    )
    return {(scheme, value): id_ for scheme, value, id_ in rows}


def lock_documents(conn: Connection, ids: Collection[UUID]) -> dict[UUID, StoredEvent]:
    """Return the current events, locked against other writers in the order of their ids: no deadlocks."""
    if not ids:
        return {}
    cur = conn.cursor(row_factory=class_row(StoredEvent))
    cur.execute(
        "SELECT id, version, record_state, document FROM event WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        (list(ids),),
        binary=True,
    )
    return {stored.id: stored for stored in cur}


def write_versions(
    conn: Connection,
    new: Sequence[EventVersion],
    changed: Sequence[EventVersion],
    *,
    key_id: UUID | None,
    now: datetime,
) -> None:
    """Write first versions and next versions, all or none.

    Conflict if another writer used an id or an external id, Stale if another writer changed an event.
    """
    try:
        if new:
            conn.execute(_INSERT, _rows_of(sorted(new, key=lambda version: version.row.id)))
        if changed and conn.execute(_UPDATE, _rows_of(changed)).rowcount < len(changed):
            raise Stale("An event has changed.")
        if changed:
            ids = [version.row.id for version in changed]
            for statement in _CLEAR:
                conn.execute(statement, (ids,))
        versions = [*new, *changed]
        conn.execute(_REVISE, {"authorship": _authorship(new, changed), "key_id": key_id, "now": now})
        conn.execute(_LINK, _link_columns(versions))
        search_documents = [(version.row.id, version.links.search_document) for version in versions]
        upsert_search_documents(conn, [(id_, document) for id_, document in search_documents if document])
    except UniqueViolation as error:
        raise Conflict("Another writer used an id or an external id.") from error
    upsert_import_marks(conn, [version.mark for version in versions])


def upsert_import_marks(conn: Connection, marks: Iterable[tuple[UUID, int, bytes]]) -> None:
    """Insert or update for each event its version and the digest of the row that wrote it."""
    if marks := list(marks):
        conn.execute(
            """
            INSERT INTO import_mark (event_id, version, digest)
            SELECT * FROM unnest(%s::uuid[], %s::int[], %b::bytea[])
                ON CONFLICT (event_id) DO UPDATE
               SET version = excluded.version, digest = excluded.digest
            """,
            _columns(marks, 3),
        )


def upsert_import_sources(conn: Connection, sources: Iterable[tuple[UUID, bytes, bytes]]) -> None:
    """Insert or update for each event the digest of the tracker's rows and that of the row which a mapping made."""
    if sources := list(sources):
        conn.execute(
            """
            INSERT INTO import_source (event_id, digest, row_digest)
            SELECT * FROM unnest(%s::uuid[], %b::bytea[], %b::bytea[])
                ON CONFLICT (event_id) DO UPDATE
               SET digest = excluded.digest, row_digest = excluded.row_digest
             WHERE (import_source.digest, import_source.row_digest) <> (excluded.digest, excluded.row_digest)
            """,
            _columns(sources, 3),
        )


def find_import_sources(
    conn: Connection, digests: Sequence[bytes], *, keep_edits: bool
) -> dict[bytes, list[ExternalId]]:
    """Return those of `digests` whose rows would change nothing, with the external ids of their events.

    With `keep_edits`, that holds whatever others have written since.
    """
    rows = conn.execute(
        """
        SELECT import_source.digest, external.scheme, external.value
          FROM import_source
          JOIN import_mark AS mark USING (event_id)
          JOIN event ON event.id = event_id
          LEFT JOIN event_external_id AS external USING (event_id)
         WHERE import_source.digest = ANY(%b::bytea[])
           AND mark.digest = row_digest
           AND (%s OR mark.version = event.version)
           AND record_state = 'active'
        """,
        (list(digests), keep_edits),
    )
    ids_by_digest: dict[bytes, list[ExternalId]] = {}
    for digest, scheme, value in rows:
        ids_by_digest.setdefault(bytes(digest), []).extend([(scheme, value)] if scheme is not None else [])
    return ids_by_digest


_NAMES = [field.name for field in fields(EventRow)]
_FOLLOWING = [name for name in _NAMES if name not in ("id", "created_at")]
_REVISION_COLUMNS = ", ".join(["record_state", "merged_into", *_NAMES])

#: Columns with rendered JSON.
_JSON = frozenset({"dates", "figures"})

# The rows are sent as JSON, which PostgreSQL converts to the types of the table: 55 us an event there, with all of its
# indexes, and 15 us here. One array a column takes the same time there and four times as long here, since psycopg
# builds arrays of arrays in Python. The documents are a separate parameter, as bytes.
_GIVEN = "ROWS FROM (json_populate_recordset(NULL::event, %(rows)s), unnest(%(documents)b::bytea[])) AS given"


def _column_list(names: Iterable[str]) -> str:
    return ", ".join("given.unnest" if name == "document" else f"given.{name}" for name in names)


_INSERT = f"""
    INSERT INTO event (record_state, {", ".join(_NAMES)})
    SELECT 'active', {_column_list(_NAMES)} FROM {_GIVEN}
    """

_UPDATE = f"""
    UPDATE event
       SET ({", ".join(_FOLLOWING)}) = ROW ({_column_list(_FOLLOWING)})
      FROM {_GIVEN}
     WHERE event.id = given.id AND event.version = given.version - 1 AND event.record_state = 'active'
    """

# The revisions are copied from the events, with the documents as they are compressed there.
_REVISE = f"""
    WITH written AS (
        SELECT event.*, authorship.change_kind, authorship.reason, authorship.changed, authorship.is_new,
               authorship.place
          FROM ROWS FROM (json_to_recordset(%(authorship)s)
                          AS (id uuid, is_new boolean, change_kind text, reason text, changed text[]))
               WITH ORDINALITY AS authorship (id, is_new, change_kind, reason, changed, place)
          JOIN event USING (id)
    ), queued AS (
        INSERT INTO outbox (event_id, version, kind, changed, change_kind, key_id, occurred_at)
        SELECT id, version, CASE WHEN is_new THEN 'create' ELSE 'update' END, changed, change_kind, %(key_id)s, %(now)s
          FROM written
         ORDER BY place
    )
    INSERT INTO event_revision ({_REVISION_COLUMNS}, key_id, change_kind, reason)
    SELECT {_REVISION_COLUMNS}, %(key_id)s, change_kind, reason FROM written
    """

#: Deletes the links of previous versions. External ids stay: an import removes none.
_CLEAR = (
    "DELETE FROM event_source WHERE event_id = ANY(%s)",
    "DELETE FROM event_relation WHERE event_id = ANY(%s)",
    "DELETE FROM event_agenda WHERE event_id = ANY(%s)",
)

# External ids in one order, so that of two imports of one file the second waits for the first without a deadlock.
_LINK = """
    WITH source AS (
        INSERT INTO event_source (event_id, url_key) SELECT * FROM unnest(%(source_ids)s::uuid[], %(url_keys)s::text[])
    ), relation AS (
        INSERT INTO event_relation (event_id, type, target_id, note)
        SELECT * FROM unnest(%(relation_ids)s::uuid[], %(types)s::text[], %(targets)s::uuid[], %(notes)s::text[])
    ), agenda AS (
        INSERT INTO event_agenda (event_id, item, due)
        SELECT id, item, coalesce(due, 'infinity')
          FROM unnest(%(agenda_ids)s::uuid[], %(items)s::text[], %(due)s::date[]) AS open (id, item, due)
    )
    INSERT INTO event_external_id (scheme, value, event_id)
    SELECT scheme, value, id
      FROM unnest(%(external_ids)s::uuid[], %(schemes)s::text[], %(values)s::text[]) AS given (id, scheme, value)
     WHERE NOT EXISTS (SELECT FROM event_external_id AS own
                        WHERE own.scheme = given.scheme AND own.value = given.value AND own.event_id = given.id)
     ORDER BY scheme, value
    """


def _rows_of(versions: Sequence[EventVersion]) -> dict[str, Any]:
    rows = [
        {name: orjson.Fragment(value) if name in _JSON else value for name, value in vars(version.row).items()}
        | {"document": None}
        for version in versions
    ]
    return {"rows": orjson.dumps(rows).decode(), "documents": [version.row.document for version in versions]}


def _authorship(new: Iterable[EventVersion], changed: Iterable[EventVersion]) -> str:
    """Return the authorship of each version as JSON, in the order of writing."""
    rows = [
        {
            "id": version.row.id,
            "is_new": is_new,
            "change_kind": version.by.change_kind,
            "reason": version.by.reason,
            "changed": version.by.changed,
        }
        for is_new, versions in ((True, new), (False, changed))
        for version in versions
    ]
    return orjson.dumps(rows).decode()


def _link_columns(versions: Iterable[EventVersion]) -> dict[str, list[Any]]:
    links_by_id = [(version.row.id, version.links) for version in versions]
    external = [(id_, scheme, value) for id_, links in links_by_id for scheme, value in links.external_ids]
    sources = [(id_, key) for id_, links in links_by_id for key in links.url_keys]
    relations = [(id_, one.type, one.target_id, one.note) for id_, links in links_by_id for one in links.relations]
    agenda = [(id_, one.item, one.due) for id_, links in links_by_id for one in links.open]
    return (
        dict(zip(("external_ids", "schemes", "values"), _columns(external, 3), strict=True))
        | dict(zip(("source_ids", "url_keys"), _columns(sources, 2), strict=True))
        | dict(zip(("relation_ids", "types", "targets", "notes"), _columns(relations, 4), strict=True))
        | dict(zip(("agenda_ids", "items", "due"), _columns(agenda, 3), strict=True))
    )


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Return the columns of the rows; `width` empty ones without rows."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
