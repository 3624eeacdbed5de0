"""Keeping the names and words that are offered to who types: behind the writes, as the change feed tells of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from psycopg import Connection

#: The follower of the change feed that keeps them.
FOLLOWER = "names"


@dataclass(frozen=True)
class Name:
    """A name as it is kept: how it is written, and how it is found."""

    text: str
    folded: str
    words: Sequence[str]


def read_rewritten(conn: Connection, after: int, until: int, fields: Sequence[str]) -> list[tuple[int, bytes]]:
    """What the feed's entries behind `after` and not behind `until` made of events, where they touched `fields`.

    Pairs: -1 and what the event said before the first of its entries, 1 and what it says since the last one.
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


def add_uses(conn: Connection, names: Sequence[Name], uses: Mapping[str, int]) -> None:
    """Let each of `names` be used by so many more events, or fewer; one that no event uses is forgotten."""
    rows = [vars(name) | {"uses": uses[name.text]} for name in names]
    conn.execute(
        """
        INSERT INTO participant_name AS kept (name, uses, folded, words)
        SELECT text, uses, folded, array_to_tsvector(words)
          FROM json_to_recordset(%s) AS given (text text, uses integer, folded text, words text[])
            ON CONFLICT (name) DO UPDATE SET uses = kept.uses + excluded.uses
        """,
        (orjson.dumps(rows).decode(),),
    )
    less = [text for text, number in uses.items() if number < 0]
    conn.execute("DELETE FROM participant_name WHERE name = ANY(%s) AND uses <= 0", (less,))


def add_words(conn: Connection, folded: Mapping[str, str], events: Mapping[str, int]) -> None:
    """Let each word, which has a `folded` form, stand in so many more events; one in none is forgotten."""
    conn.execute(
        """
        INSERT INTO vocabulary AS kept (word, events, folded)
        SELECT * FROM unnest(%(words)s::text[], %(events)s::integer[], %(folded)s::text[])
            ON CONFLICT (word) DO UPDATE SET events = kept.events + excluded.events
        """,
        {
            "words": list(events),
            "events": list(events.values()),
            "folded": [folded[word] for word in events],
        },
    )
    less = [word for word, number in events.items() if number < 0]
    conn.execute("DELETE FROM vocabulary WHERE word = ANY(%s) AND events <= 0", (less,))


def read_unlabelled(conn: Connection, limit: int) -> list[tuple[str, int, bytes]]:
    """Id, version and document of at most `limit` topics whose labels are not those of their version."""
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


def replace_labels(conn: Connection, topic_id: str, version: int, labels: Sequence[Name]) -> None:
    """Let `labels` be those of the topic."""
    conn.execute("DELETE FROM topic_label WHERE topic_id = %s", (topic_id,))
    conn.execute(
        """
        INSERT INTO topic_label (topic_id, label, version, folded, words)
        SELECT %s, text, %s, folded, array_to_tsvector(words)
          FROM json_to_recordset(%s) AS given (text text, folded text, words text[])
        """,
        (topic_id, version, orjson.dumps([vars(label) for label in labels]).decode()),
    )


def forget_labels(conn: Connection) -> None:
    """Take away the labels of topics that are gone."""
    conn.execute("DELETE FROM topic_label WHERE NOT EXISTS (SELECT FROM topic WHERE id = topic_id)")
