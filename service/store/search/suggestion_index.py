"""The index of names and words for suggestions. It follows the change feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def add_name_uses(conn: Connection, names: Sequence[IndexedName], uses: Mapping[str, int]) -> None:
    """Add `uses`, which can be negative, to the numbers of events with the names. Delete names without events."""
    rows = [vars(name) | {"uses": uses[name.text]} for name in names]
    conn.execute(
        """
        INSERT INTO participant_name AS stored (name, uses, folded, words)
        SELECT text, uses, folded, array_to_tsvector(words)
          FROM json_to_recordset(%s) AS given (text text, uses integer, folded text, words text[])
            ON CONFLICT (name) DO UPDATE SET uses = stored.uses + excluded.uses
        """,
        (orjson.dumps(rows).decode(),),
    )
    decreased = [text for text, number in uses.items() if number < 0]
    conn.execute("DELETE FROM participant_name WHERE name = ANY(%s) AND uses <= 0", (decreased,))


def add_word_counts(conn: Connection, folded: Mapping[str, str], events: Mapping[str, int]) -> None:
    """Add `events`, which can be negative, to the document frequencies of words. Delete words without events.

    `folded` has the folded form of each word.
    """
    conn.execute(
        """
        INSERT INTO vocabulary AS stored (word, events, folded)
        SELECT * FROM unnest(%(words)s::text[], %(events)s::integer[], %(folded)s::text[])
            ON CONFLICT (word) DO UPDATE SET events = stored.events + excluded.events
        """,
        {
            "words": list(events),
            "events": list(events.values()),
            "folded": [folded[word] for word in events],
        },
    )
    decreased = [word for word, number in events.items() if number < 0]
    conn.execute("DELETE FROM vocabulary WHERE word = ANY(%s) AND events <= 0", (decreased,))


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
