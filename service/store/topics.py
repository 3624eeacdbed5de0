"""Topics in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.errors import UniqueViolation

from service.errors import Conflict, NotFound, Stale


@dataclass(frozen=True)
class StoredTopic:
    """A topic as it is served."""

    id: str
    version: int
    document: bytes


@dataclass(frozen=True, kw_only=True)
class TopicRow:
    """One version of a topic, as columns."""

    id: str
    version: int
    broader: list[str]
    document: bytes
    created_at: datetime
    updated_at: datetime


def lock_topics(conn: Connection) -> None:
    """Let no other transaction write topics until this one ends, so that two cannot close a circle together."""
    conn.execute("LOCK TABLE topic IN SHARE ROW EXCLUSIVE MODE")


def find_missing_topics(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Those of `ids` that are no topics. The others cannot be deleted until the transaction ends."""
    if not ids:
        return []
    found = conn.execute("SELECT id FROM topic WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", (list(ids),)).fetchall()
    known = {row[0] for row in found}
    return [id_ for id_ in ids if id_ not in known]


def get_topic(conn: Connection, id: str) -> StoredTopic:
    """One topic."""
    query = "SELECT id, version, document FROM topic WHERE id = %s"
    found = None if "\0" in id else conn.execute(query, (id,), binary=True).fetchone()  # PostgreSQL's text has no NUL
    if found is None:
        raise NotFound(f'There is no topic "{id}".')
    return StoredTopic(*found)


def page_topics(conn: Connection, *, after: str | None, broader: str | None, limit: int) -> list[StoredTopic]:
    """At most `limit` topics by id, behind `after`; only those beneath `broader` where it is given."""
    rows = conn.execute(
        """
        SELECT id, version, document
          FROM topic
         WHERE (%(after)s::text IS NULL OR id > %(after)s)
           AND (%(broader)s::text IS NULL OR %(broader)s = ANY(broader))
         ORDER BY id
         LIMIT %(limit)s
        """,
        {"after": after, "broader": broader, "limit": limit},
        binary=True,
    )
    return [StoredTopic(*row) for row in rows]


def narrower_of(conn: Connection, ids: Sequence[str]) -> list[str]:
    """`ids` and every topic beneath them, at any depth."""
    rows = conn.execute(
        """
        WITH RECURSIVE beneath (id) AS (
            SELECT unnest(%(ids)s::text[])
             UNION
            SELECT topic.id FROM topic JOIN beneath ON beneath.id = ANY(topic.broader)
        )
        SELECT id FROM beneath
        """,
        {"ids": list(ids)},
    )
    return [row[0] for row in rows]


def insert_topic(conn: Connection, row: TopicRow) -> StoredTopic:
    """Keep a new topic. Conflict where there is one of that id."""
    try:
        conn.execute(
            """
            INSERT INTO topic (id, version, broader, document, created_at, updated_at)
            VALUES (%(id)s, %(version)s, %(broader)s, %(document)b, %(created_at)s, %(updated_at)s)
            """,
            vars(row),
        )
    except UniqueViolation as error:
        raise Conflict(f'There is a topic "{row.id}" already.') from error
    return StoredTopic(row.id, row.version, row.document)


def update_topic(conn: Connection, row: TopicRow, *, expected: int) -> StoredTopic:
    """Keep the version that follows `expected`. Stale where another writer was first."""
    changed = conn.execute(
        """
        UPDATE topic
           SET version = %(version)s, broader = %(broader)s, document = %(document)b, updated_at = %(updated_at)s
         WHERE id = %(id)s AND version = %(expected)s
        """,
        vars(row) | {"expected": expected},
    )
    if changed.rowcount == 0:
        raise Stale(f'The topic "{row.id}" has another version by now; read it again.')
    return StoredTopic(row.id, row.version, row.document)


def delete_topic(conn: Connection, id: str, *, expected: int) -> None:
    """Delete a topic that nothing uses. Conflict where something does, Stale where it has moved on."""
    # The row is locked before its uses are looked for: who writes an event with it shares that lock until the commit.
    conn.execute("SELECT FROM topic WHERE id = %s FOR UPDATE", (id,))
    used = conn.execute(
        """
        SELECT EXISTS (SELECT FROM event WHERE topics && ARRAY[%(id)s::text] AND record_state = 'active')
            OR EXISTS (SELECT FROM topic WHERE %(id)s = ANY(broader))
        """,
        {"id": id},
    ).fetchone()
    if used and used[0]:
        raise Conflict(f'The topic "{id}" is used by events or is broader than other topics.')
    deleted = conn.execute("DELETE FROM topic WHERE id = %s AND version = %s", (id, expected))
    if deleted.rowcount == 0:
        raise Stale(f'The topic "{id}" has another version by now; read it again.')
