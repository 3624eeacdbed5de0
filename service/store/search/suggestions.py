"""Suggestions while a user types: labels of topics, names of participants, titles.

No statement is prepared: a generic plan, made for any words, would read every row.
"""

from dataclasses import dataclass

from psycopg import Connection

from service.store.search.conditions import Region
from service.store.search.tsquery import TsQuery

#: The most names with one prefix of which the most used are taken, and the most events whose titles are compared.
MOST_CANDIDATES = 1_000

#: Appended to a prefix, it is greater than every text with the prefix.
_BEYOND = "\U0010ffff"


@dataclass(frozen=True)
class Suggestion:
    """A title, topic or participant, with the id of an event or a topic."""

    kind: str
    text: str
    id: str | None


def find_titles(conn: Connection, prefix: str, limit: int) -> list[Suggestion]:
    """Return events whose title key has the prefix, in the order of titles."""
    rows = conn.execute(
        """
        SELECT convert_from(document, 'UTF8')::json ->> 'title', id::text
          FROM event
         WHERE record_state = 'active'
           AND title_key >= %(prefix)s AND title_key < %(beyond)s
         ORDER BY title_key, id
         LIMIT %(limit)s
        """,
        {"prefix": prefix, "beyond": prefix + _BEYOND, "limit": limit},
        prepare=False,
    )
    return [Suggestion("title", *row) for row in rows]


def find_topics(conn: Connection, words: TsQuery, prefix: str, limit: int) -> list[Suggestion]:
    """Return one label of each topic with the words; first the labels with the prefix."""
    rows = conn.execute(
        """
        SELECT label, topic_id
          FROM (SELECT DISTINCT ON (topic_id) topic_id, label, folded, starts_with(folded, %(prefix)s) AS begins
                  FROM topic_label
                 WHERE words @@ %(words)s::tsquery
                 ORDER BY topic_id, begins DESC, length(label), label) AS candidate
         ORDER BY begins DESC, length(label), label, topic_id
         LIMIT %(limit)s
        """,
        {"words": words, "prefix": prefix, "limit": limit},
        prepare=False,
    )
    return [Suggestion("topic", *row) for row in rows]


def find_participants(conn: Connection, words: TsQuery, prefix: str, limit: int) -> list[Suggestion]:
    """Return the most used names with the words; first those with the prefix."""
    rows = conn.execute(
        """
        SELECT name
          FROM (SELECT name, uses, starts_with(folded, %(prefix)s) AS begins
                  FROM participant_name
                 WHERE words @@ %(words)s::tsquery
                 LIMIT %(most)s) AS candidate
         ORDER BY begins DESC, uses DESC, length(name), name
         LIMIT %(limit)s
        """,
        {"words": words, "prefix": prefix, "limit": limit, "most": MOST_CANDIDATES},
        prepare=False,
    )
    return [Suggestion("participant", row[0], None) for row in rows]


def find_titled(
    conn: Connection, words: TsQuery, in_titles: TsQuery, region: Region | None, limit: int
) -> list[Suggestion]:
    """Return the newest events of a region that match `words`, and by their titles `in_titles`."""
    within = f"AND {region.condition}" if region else ""
    # PostgreSQL expects every row to match a query with weights, and would read all rows: so that query comes second.
    rows = conn.execute(
        f"""
        SELECT convert_from(document, 'UTF8')::json ->> 'title', id::text
          FROM (SELECT event_id, day
                  FROM (SELECT event_id, day, tsv
                          FROM event_search AS search
                         WHERE search.tsv @@ %(words)s::tsquery {within}
                         LIMIT %(most)s) AS first
                 WHERE tsv @@ %(in_titles)s::tsquery
                 ORDER BY day DESC, event_id
                 LIMIT %(limit)s) AS candidate
          JOIN event ON id = event_id
         ORDER BY day DESC, event_id
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
    return [Suggestion("title", *row) for row in rows]
