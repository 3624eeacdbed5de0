"""Synonyms in the database: acronyms that events explain, labels of topics, and the terms of the operator's file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from psycopg import Connection

#: The name of its cursor in the change feed.
FOLLOWER = "synonyms"

#: The source of the terms of the operator's file.
FILE = "file"

#: What the source of a topic's labels begins with. Its id follows.
TOPIC = "topic:"


@dataclass(frozen=True)
class AcronymUse:
    """An acronym that events in a language explain, by the keys of the acronym and of its phrase."""

    short_key: str
    phrase_key: str
    lang: str


@dataclass
class UseCounts:
    """The spelling of an acronym and its phrase, and the change of the numbers of events and titles with it."""

    short: str
    phrase: str
    events: int = 0
    titles: int = 0

    @property
    def changes(self) -> tuple[int, int]:
        """Both numbers."""
        return self.events, self.titles


@dataclass(frozen=True)
class Synonym:
    """A term that is found for another one, whose key it has, and where that comes from.

    For an acronym or its phrase: the numbers of events and titles that explain it, and of events that have the acronym
    as an ordinary word.
    """

    key: str
    other: str
    source: str
    events: int = 0
    titles: int = 0
    ordinary: int = 0


def add_acronym_uses(conn: Connection, uses: Mapping[AcronymUse, UseCounts]) -> None:
    """Add the counts, which can be negative. Delete acronyms that no event explains."""
    rows = [vars(use) | vars(counts) for use, counts in uses.items()]
    conn.execute(
        """
        INSERT INTO acronym AS stored (short_key, phrase_key, lang, short, phrase, events, titles)
        SELECT short_key, phrase_key, lang, short, phrase, events, titles
          FROM json_to_recordset(%s)
               AS given (short_key text, phrase_key text, lang text, short text, phrase text, events int, titles int)
            ON CONFLICT (short_key, phrase_key, lang)
            DO UPDATE SET events = stored.events + excluded.events, titles = stored.titles + excluded.titles
        """,
        (orjson.dumps(rows).decode(),),
    )
    if any(counts.events < 0 for counts in uses.values()):
        conn.execute("DELETE FROM acronym WHERE events <= 0")


def list_acronyms(conn: Connection) -> frozenset[str]:
    """Return the keys of all acronyms."""
    return frozenset(key for [key] in conn.execute("SELECT DISTINCT short_key FROM acronym"))


def add_ordinary_uses(conn: Connection, events: Mapping[str, int]) -> None:
    """Add to the numbers of events that have acronyms, by their keys, as ordinary words."""
    conn.execute(
        """
        UPDATE acronym
           SET ordinary = greatest(0, ordinary + number)
          FROM unnest(%s::text[], %s::integer[]) AS given (key, number)
         WHERE short_key = key
        """,
        (list(events), list(events.values())),
    )


def claim_topics(conn: Connection) -> bool:
    """Return whether this transaction may replace the synonyms of topics, which one does at a time."""
    [[is_claimed]] = conn.execute("SELECT pg_try_advisory_xact_lock('synonym'::regclass::oid::bigint)").fetchall()
    return bool(is_claimed)


def find_unread_topics(conn: Connection, limit: int) -> list[tuple[str, int, bytes]]:
    """Return id, version and document of at most `limit` topics whose labels are not among the synonyms."""
    return conn.execute(
        """
        SELECT id, version, document
          FROM topic
         WHERE NOT EXISTS (SELECT
                             FROM synonym_topic
                            WHERE topic_id = topic.id AND synonym_topic.version = topic.version)
         ORDER BY id
         LIMIT %s
        """,
        (limit,),
        binary=True,
    ).fetchall()


def replace_topic_synonyms(conn: Connection, topic_id: str, version: int, pairs: Iterable[tuple[str, str]]) -> None:
    """Replace the synonyms of a topic: pairs of a key and another term."""
    _replace(conn, TOPIC + topic_id, pairs)
    conn.execute(
        """
        INSERT INTO synonym_topic (topic_id, version)
        VALUES (%s, %s)
            ON CONFLICT (topic_id) DO UPDATE SET version = excluded.version
        """,
        (topic_id, version),
    )


def delete_orphaned_topics(conn: Connection) -> None:
    """Delete the synonyms of deleted topics."""
    conn.execute(
        """
        WITH orphan AS (
            DELETE FROM synonym_topic
             WHERE NOT EXISTS (SELECT FROM topic WHERE id = topic_id)
         RETURNING topic_id
        )
        DELETE FROM synonym USING orphan WHERE source = %s || topic_id
        """,
        (TOPIC,),
    )


def replace_file_synonyms(conn: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Replace the synonyms of the operator's file: pairs of a key and another term, which is empty for none."""
    _replace(conn, FILE, pairs)


def _replace(conn: Connection, source: str, pairs: Iterable[tuple[str, str]]) -> None:
    distinct = list(dict.fromkeys(pairs))
    conn.execute("DELETE FROM synonym WHERE source = %s", (source,))
    conn.execute(
        """
        INSERT INTO synonym (key, source, other)
        SELECT key, %s, other
          FROM unnest(%s::text[], %s::text[]) AS given (key, other)
        """,
        (source, [key for key, _ in distinct], [other for _, other in distinct]),
    )


def list_synonyms(conn: Connection, keys: Sequence[str]) -> list[Synonym]:
    """Return the synonyms of terms by their keys, those that most events explain first."""
    rows = conn.execute(_SYNONYMS, {"keys": list(keys)}).fetchall()
    return [Synonym(*row) for row in rows]


_SYNONYMS = """
    SELECT short_key, min(phrase), 'acronym', sum(events)::int AS number, sum(titles)::int, max(ordinary)
      FROM acronym
     WHERE short_key = ANY(%(keys)s)
     GROUP BY short_key, phrase_key
 UNION ALL
    SELECT phrase_key, min(short), 'phrase', sum(events)::int, sum(titles)::int, max(ordinary)
      FROM acronym
     WHERE phrase_key = ANY(%(keys)s)
     GROUP BY phrase_key, short_key
 UNION ALL
    SELECT key, other, source, 0, 0, 0
      FROM synonym
     WHERE key = ANY(%(keys)s)
     ORDER BY number DESC, 1, 2
    """
