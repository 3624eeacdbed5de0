"""Topics in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from psycopg import Connection
from psycopg.errors import UniqueViolation

from service.errors import Conflict, NotFound, Stale


@dataclass(frozen=True)
class StoredTopic:
    """A topic with the bytes of its document."""

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
    """Lock the topics against other writers until the transaction ends, so that two cannot close a cycle together."""
    conn.execute("LOCK TABLE topic IN SHARE ROW EXCLUSIVE MODE")


def find_missing_topics(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Return those of `ids` that are not topics, and lock the others against deletion until the transaction ends."""
    if not ids:
        return []
    rows = conn.execute("SELECT id FROM topic WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", (list(ids),)).fetchall()
    existing = {row[0] for row in rows}
    return [id_ for id_ in ids if id_ not in existing]


def get_topic(conn: Connection, id: str) -> StoredTopic:
    """Return one topic."""
    query = "SELECT id, version, document FROM topic WHERE id = %s"
    row = None if "\0" in id else conn.execute(query, (id,), binary=True).fetchone()  # PostgreSQL's text has no NUL
    if row is None:
        raise NotFound(f'There is no topic "{id}".')
    return StoredTopic(*row)


def page_topics(conn: Connection, *, after: str | None, broader: str | None, limit: int) -> list[StoredTopic]:
    """Return at most `limit` topics in the order of their ids after `after`, with `broader` only those below it."""
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


def list_narrower(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Return `ids` and every topic below them, at any depth."""
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


def find_narrower(conn: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    """Return each of `ids` with itself and every topic below it. Unknown ids are missing."""
    rows = conn.execute(
        """
        WITH RECURSIVE beneath (top, id) AS (
            SELECT id, id FROM topic WHERE id = ANY(%(ids)s)
             UNION
            SELECT beneath.top, topic.id FROM topic JOIN beneath ON beneath.id = ANY(topic.broader)
        )
        SELECT top, array_agg(id) FROM beneath GROUP BY top
        """,
        {"ids": list(ids)},
    )
    return dict(rows.fetchall())


def find_broader(conn: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    """Return each of `ids` with itself and every topic above it. Unknown ids are missing."""
    rows = conn.execute(
        """
        WITH RECURSIVE above (bottom, id) AS (
            SELECT id, id FROM topic WHERE id = ANY(%(ids)s)
             UNION
            SELECT above.bottom, broader.id
              FROM above
              JOIN topic ON topic.id = above.id
             CROSS JOIN unnest(topic.broader) AS broader (id)
        )
        SELECT bottom, array_agg(id) FROM above GROUP BY bottom
        """,
        {"ids": list(ids)},
    )
    return dict(rows.fetchall())


def find_topic_labels(conn: Connection, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the preferred labels of each of `ids` by language. Unknown ids are missing."""
    rows = conn.execute(
        "SELECT id, convert_from(document, 'UTF8')::jsonb -> 'labels' FROM topic WHERE id = ANY(%s)", (list(ids),)
    )
    return dict(rows.fetchall())


def find_nearest_topics(conn: Connection, words: Sequence[str]) -> dict[str, str]:
    """Return for each of `words` the most similar id, if one is similar enough."""
    rows = conn.execute(
        """
        SELECT word, nearest.id
          FROM unnest(%(words)s::text[]) AS word
         CROSS JOIN LATERAL (
               SELECT id, similarity(id, word) AS likeness FROM topic ORDER BY likeness DESC, id LIMIT 1
               ) AS nearest
         WHERE likeness >= 0.3
        """,
        {"words": list(words)},
    )
    return dict(rows.fetchall())


def insert_topic(conn: Connection, row: TopicRow) -> StoredTopic:
    """Insert a new topic. Conflict if its id exists."""
    try:
        conn.execute(
            """
            INSERT INTO topic (id, version, broader, document, created_at, updated_at)
            VALUES (%(id)s, %(version)s, %(broader)s, %(document)b, %(created_at)s, %(updated_at)s)
            """,
            vars(row),
        )
    except UniqueViolation as error:
        raise Conflict(f'The topic "{row.id}" exists already.') from error
    return StoredTopic(row.id, row.version, row.document)


def insert_missing_topics(conn: Connection, rows: Sequence[TopicRow]) -> list[str]:
    """Insert those of the topics that do not exist yet, and return their ids."""
    inserted = conn.execute(
        """
        INSERT INTO topic (id, version, broader, document, created_at, updated_at)
        SELECT id, version, ARRAY(SELECT json_array_elements_text(broader)), convert_to(document::text, 'UTF8'),
               created_at, updated_at
          FROM json_to_recordset(%s) AS given (id text, version integer, broader json, document json,
                                               created_at timestamptz, updated_at timestamptz)
         ORDER BY id
            ON CONFLICT (id) DO NOTHING
     RETURNING id
        """,
        (orjson.dumps([vars(row) | {"document": orjson.Fragment(row.document)} for row in rows]).decode(),),
    )
    return [row[0] for row in inserted]


def update_topic(conn: Connection, row: TopicRow, *, expected: int) -> StoredTopic:
    """Write the version that follows `expected`. Stale if another writer was first."""
    changed = conn.execute(
        """
        UPDATE topic
           SET version = %(version)s, broader = %(broader)s, document = %(document)b, updated_at = %(updated_at)s
         WHERE id = %(id)s AND version = %(expected)s
        """,
        vars(row) | {"expected": expected},
    )
    if changed.rowcount == 0:
        raise Stale(f'The topic "{row.id}" has changed; read it again.')
    return StoredTopic(row.id, row.version, row.document)


def delete_topic(conn: Connection, id: str, *, expected: int) -> None:
    """Delete an unused topic. Conflict if it is in use, Stale if another writer was first."""
    # The lock comes before the search for uses: a writer of an event with the topic shares it until the commit.
    conn.execute("SELECT FROM topic WHERE id = %s FOR UPDATE", (id,))
    used = conn.execute(
        """
        SELECT EXISTS (SELECT FROM event WHERE topics && ARRAY[%(id)s::text] AND record_state = 'active')
            OR EXISTS (SELECT FROM topic WHERE %(id)s = ANY(broader))
        """,
        {"id": id},
    ).fetchone()
    if used and used[0]:
        raise Conflict(f'The topic "{id}" is used by events or has topics below it.')
    deleted = conn.execute("DELETE FROM topic WHERE id = %s AND version = %s", (id, expected))
    if deleted.rowcount == 0:
        raise Stale(f'The topic "{id}" has changed; read it again.')
