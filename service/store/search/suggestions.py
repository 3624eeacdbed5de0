"""Suggestions while a user types: labels of topics, values of facets, titles; each with its number of events.

No statement is prepared: a generic plan, made for any words, would read every row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import Connection

from schemas.facets import MOST_WITH_TITLE
from service.store.search.conditions import Region
from service.store.search.plans import PREFIX_END
from service.store.search.suggestion_index import FacetKey
from service.store.search.tsquery import TsQuery

#: The most names with one prefix of which the most used are taken, and the most events whose titles are compared.
MOST_CANDIDATES: Final = 1_000

#: The most events of which the titles are compared that have one key: a key is only the beginning of a long title.
_MOST_OF_KEY = 20


@dataclass(frozen=True)
class Suggestion:
    """A title, topic or value of a facet, with the id of the event, topic or value, and its number of events."""

    kind: str
    text: str
    id: str | None
    count: int


def find_titles(conn: Connection, prefix: str, limit: int, whole_key: int) -> list[Suggestion]:
    """Return titles whose key has the prefix, in the order of keys, each once with its newest event.

    A key of `whole_key` characters or more is that of several titles.
    """
    rows = conn.execute(
        f"""
        WITH RECURSIVE title (key, number) AS (
            (SELECT title_key, 1
               FROM event
              WHERE record_state = 'active' AND title_key >= %(prefix)s AND title_key < %(end)s
              ORDER BY title_key
              LIMIT 1)
          UNION ALL
             SELECT (SELECT title_key
                       FROM event
                      WHERE record_state = 'active' AND title_key > title.key AND title_key < %(end)s
                      ORDER BY title_key
                      LIMIT 1), number + 1
               FROM title
              WHERE key IS NOT NULL AND number < %(limit)s
        )
        SELECT convert_from(document, 'UTF8')::json ->> 'title', id::text, length(key) >= %(whole_key)s, {_NUMBER}
          FROM title
         CROSS JOIN LATERAL (
               SELECT id, document
                 FROM event
                WHERE record_state = 'active' AND title_key = key
                ORDER BY id DESC
                LIMIT CASE WHEN length(key) < %(whole_key)s THEN 1 ELSE {_MOST_OF_KEY} END
               ) AS newest
         ORDER BY key, id DESC
        """,
        {"prefix": prefix, "end": prefix + PREFIX_END, "limit": limit, "whole_key": whole_key},
        prepare=False,
    )
    return _distinct_titles(rows)[:limit]


#: The number of events with a title's key.
_NUMBER = f"""
    (SELECT count(*)
       FROM (SELECT FROM event WHERE record_state = 'active' AND title_key = key LIMIT {MOST_WITH_TITLE}) AS first)
    """


def _distinct_titles(rows: Iterable[tuple[str, str, bool, int]]) -> list[Suggestion]:
    """Return each title once, from rows of title, id, whether other titles have its key, and number of the key."""
    titles: dict[str, list[tuple[str, str, bool, int]]] = {}
    for row in rows:
        titles.setdefault(row[0].casefold(), []).append(row)
    return [
        Suggestion("title", title, id_, len(equal) if is_shared else number)
        for equal in titles.values()
        for title, id_, is_shared, number in equal[:1]
    ]


def find_topics(conn: Connection, words: TsQuery, prefix: str, limit: int) -> list[tuple[str, str]]:
    """Return id and one label of each topic with the words; first the labels with the prefix."""
    return conn.execute(
        """
        SELECT topic_id, label
          FROM (SELECT DISTINCT ON (topic_id) topic_id, label, folded, starts_with(folded, %(prefix)s) AS begins
                  FROM topic_label
                 WHERE words @@ %(words)s::tsquery
                 ORDER BY topic_id, begins DESC, length(label), label) AS candidate
         ORDER BY begins DESC, length(label), label, topic_id
         LIMIT %(limit)s
        """,
        {"words": words, "prefix": prefix, "limit": limit},
        prepare=False,
    ).fetchall()


def count_topics(conn: Connection, narrower: Mapping[str, TsQuery]) -> dict[str, int]:
    """Return the number of events with each topic, which is given with the query for itself and its narrower topics."""
    rows = conn.execute(
        """
        SELECT topic, (SELECT coalesce(sum(events), 0)::integer
                         FROM facet_value
                        WHERE facet = 'topics' AND words @@ query::tsquery)
          FROM unnest(%(topics)s::text[], %(queries)s::text[]) AS given (topic, query)
        """,
        {"topics": list(narrower), "queries": [query.render() for query in narrower.values()]},
        prepare=False,
    )
    return dict(rows.fetchall())


def find_values(conn: Connection, facet: str, words: TsQuery, prefix: str, limit: int) -> list[tuple[str, int]]:
    """Return the most frequent values of a facet with the words, and their numbers; first those with the prefix."""
    # Without the first part, the first 1,000 values that the index has could lack the most frequent ones.
    return conn.execute(
        """
        SELECT value, events
          FROM (      (SELECT value, events, folded
                         FROM facet_value
                        WHERE frequent AND facet = %(facet)s AND words @@ %(words)s::tsquery
                        LIMIT %(most)s)
                UNION (SELECT value, events, folded
                         FROM facet_value
                        WHERE facet = %(facet)s AND words @@ %(words)s::tsquery
                        LIMIT %(most)s)) AS candidate
         ORDER BY starts_with(folded, %(prefix)s) DESC, events DESC, length(value), value
         LIMIT %(limit)s
        """,
        {"facet": facet, "words": words, "prefix": prefix, "limit": limit, "most": MOST_CANDIDATES},
        prepare=False,
    ).fetchall()


def count_values(conn: Connection, keys: Sequence[FacetKey]) -> dict[FacetKey, int]:
    """Return the number of events with each of the values; those without any are not in it."""
    rows = conn.execute(
        """
        SELECT facet, value, events
          FROM unnest(%(facets)s::text[], %(values)s::text[]) AS given (facet, value)
          JOIN facet_value USING (facet, value)
        """,
        {"facets": [key.facet for key in keys], "values": [key.value for key in keys]},
        prepare=False,
    )
    return {FacetKey(facet, value): number for facet, value, number in rows}


def find_participant_names(conn: Connection, folded: Sequence[str]) -> set[str]:
    """Return those of the folded texts that are the whole name of a participant."""
    rows = conn.execute(
        "SELECT DISTINCT folded FROM facet_value WHERE facet = 'participant' AND folded = ANY(%s)",
        (list(folded),),
        prepare=False,
    )
    return {name for (name,) in rows}


def find_titled(
    conn: Connection, words: TsQuery, in_titles: TsQuery, region: Region | None, limit: int
) -> list[Suggestion]:
    """Return titles of the newest events of a region that match `words`, and by their titles `in_titles`, each once."""
    within = f"AND {region.condition}" if region else ""
    # PostgreSQL expects every row to match a query with weights, and would read all rows: so that query comes second.
    rows = conn.execute(
        f"""
        SELECT (SELECT convert_from(document, 'UTF8')::json ->> 'title' FROM event WHERE event.id = title.id),
               id::text, FALSE, {_NUMBER}
          FROM (SELECT DISTINCT ON (title_key) title_key AS key, id, day
                  FROM (SELECT event_id, day
                          FROM (SELECT event_id, day, tsv
                                  FROM event_search AS search
                                 WHERE search.tsv @@ %(words)s::tsquery {within}
                                 LIMIT %(most)s) AS first
                         WHERE tsv @@ %(in_titles)s::tsquery) AS candidate
                  JOIN event ON id = event_id
                 ORDER BY title_key, day DESC, id DESC
               ) AS title
         ORDER BY day DESC, id DESC
         LIMIT %(limit)s
        """,
        {
            "words": words,
            "in_titles": in_titles,
            "limit": limit,
            "most": MOST_CANDIDATES,
            "region_month": region and region.month,
            "region_bucket": region and region.bucket,
        },
        prepare=False,
    )
    return _distinct_titles(rows)
