"""The index of names, values and words for suggestions. It follows the change feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from psycopg import Connection

#: The name of its cursor in the change feed.
FOLLOWER = "names"


@dataclass(frozen=True)
class IndexedName:
    """A name in its spelling, folded, and its words, by whose prefixes it is found."""

    text: str
    folded: str
    words: Sequence[str]


class FacetKey(NamedTuple):
    """A value of a facet."""

    facet: str
    value: str


class WordKey(NamedTuple):
    """A word in its spelling, and the language of a text; empty if it is unknown."""

    word: str
    lang: str


def claim_suggestion_cursor(conn: Connection) -> int | None:
    """Return the number of the last entry that was counted, locked until the transaction ends.

    None if another process has locked it, or if nothing is left to count.
    """
    row = conn.execute(
        """
        SELECT seq
          FROM feed_cursor
         WHERE name = %s
           AND (seq < (SELECT seq FROM feed_head) OR EXISTS (SELECT FROM event_to_suggest))
           FOR UPDATE SKIP LOCKED
        """,
        (FOLLOWER,),
    ).fetchone()
    return row[0] if row else None


def claim_uncounted(conn: Connection, limit: int) -> list[bytes | None]:
    """Return the documents of at most `limit` events that were never counted; None for one that was deleted by then.

    They count once the transaction is committed. The entries of the feed must wait until there are none.
    """
    rows = conn.execute(
        """
        WITH batch AS (
            DELETE FROM event_to_suggest
             WHERE event_id = ANY (ARRAY(SELECT event_id FROM event_to_suggest ORDER BY event_id LIMIT %s))
         RETURNING event_id, version
        )
        SELECT document
          FROM batch
          LEFT JOIN event_revision AS revision
            ON revision.id = event_id AND revision.version = batch.version AND record_state = 'active'
        """,
        (limit,),
        binary=True,
    )
    return [document for (document,) in rows]


def find_rewritten(conn: Connection, after: int, until: int, fields: Sequence[str]) -> list[tuple[int, bytes]]:
    """Return the documents of events before and after the entries `after` to `until` that changed one of the fields.

    They are pairs: -1 and the document before the event's first entry, 1 and the document after its last one.
    """
    values = {"after": after, "until": until, "fields": list(fields)}
    return conn.execute(_REWRITTEN, values, binary=True).fetchall()


_REWRITTEN = """
    WITH entry AS (
        SELECT event_id, min(version) AS first, max(version) AS last
          FROM feed
         WHERE seq > %(after)s AND seq <= %(until)s
           AND (changed IS NULL OR changed && %(fields)s::text[] OR kind <> 'update')
         GROUP BY event_id
    )
    SELECT -1, document
      FROM entry
      JOIN event_revision ON id = event_id AND version = first - 1
     WHERE record_state = 'active'
 UNION ALL
    SELECT 1, document
      FROM entry
      JOIN event_revision ON id = event_id AND version = last
     WHERE record_state = 'active'
    """


def add_value_counts(conn: Connection, names: Mapping[FacetKey, IndexedName], events: Sequence[int]) -> None:
    """Add `events`, which can be negative, to the numbers of events with values of facets. Delete values without any.

    `names` are the values in the order of `events`, each with the words by which it is found.
    """
    rows = [
        vars(name) | key._asdict() | {"events": number}
        for (key, name), number in zip(names.items(), events, strict=True)
    ]
    conn.execute(
        """
        INSERT INTO facet_value AS stored (facet, value, events, folded, words)
        SELECT facet, value, events, folded, array_to_tsvector(words)
          FROM json_to_recordset(%s) AS given (facet text, value text, events integer, folded text, words text[])
            ON CONFLICT (facet, value) DO UPDATE SET events = stored.events + excluded.events
        """,
        (orjson.dumps(rows).decode(),),
    )
    _delete_unused(conn, "facet_value", dict(zip(names, events, strict=True)))


def add_word_counts(conn: Connection, folded: Mapping[str, str], events: Mapping[WordKey, int]) -> None:
    """Add `events`, which can be negative, to the document frequencies of words. Delete words without events.

    `folded` has the folded form of each word.
    """
    conn.execute(
        """
        INSERT INTO vocabulary AS stored (word, lang, events, folded)
        SELECT * FROM unnest(%(words)s::text[], %(languages)s::text[], %(events)s::integer[], %(folded)s::text[])
            ON CONFLICT (word, lang) DO UPDATE SET events = stored.events + excluded.events
        """,
        {
            "words": [key.word for key in events],
            "languages": [key.lang for key in events],
            "events": list(events.values()),
            "folded": [folded[key.word] for key in events],
        },
    )
    _delete_unused(conn, "vocabulary", events)


def _delete_unused(conn: Connection, table: str, events: Mapping[FacetKey, int] | Mapping[WordKey, int]) -> None:
    """Delete the rows without events, among those whose number decreased."""
    decreased = [key for key, number in events.items() if number < 0]
    if decreased:
        columns = ", ".join(decreased[0]._fields)
        conn.execute(
            f"""
            DELETE FROM {table}
             WHERE ({columns}) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
               AND events <= 0
            """,
            [list(column) for column in zip(*decreased, strict=True)],
        )


def find_unlabelled_topics(conn: Connection, limit: int) -> list[tuple[str, int, bytes]]:
    """Return id, version and document of at most `limit` topics without indexed labels of their version."""
    return conn.execute(
        """
        SELECT id, version, document
          FROM topic
         WHERE NOT EXISTS (SELECT FROM topic_label WHERE topic_id = topic.id AND topic_label.version = topic.version)
         ORDER BY id
         LIMIT %s
        """,
        (limit,),
        binary=True,
    ).fetchall()


def replace_labels(conn: Connection, topic_id: str, version: int, labels: Sequence[IndexedName]) -> None:
    """Replace the labels of a topic."""
    conn.execute("DELETE FROM topic_label WHERE topic_id = %s", (topic_id,))
    conn.execute(
        """
        INSERT INTO topic_label (topic_id, label, version, folded, words)
        SELECT %s, text, %s, folded, array_to_tsvector(words)
          FROM json_to_recordset(%s) AS given (text text, folded text, words text[])
        """,
        (topic_id, version, orjson.dumps([vars(label) for label in labels]).decode()),
    )


def delete_orphaned_labels(conn: Connection) -> None:
    """Delete the labels of deleted topics."""
    conn.execute("DELETE FROM topic_label WHERE NOT EXISTS (SELECT FROM topic WHERE id = topic_id)")
