"""Names that are offered while one is typed: labels of topics, names of participants, titles.

No statement is prepared: a plan made for whatever words may come would read every row.
"""

from dataclasses import dataclass

from psycopg import Connection

from service.store.search.conditions import Region
from service.store.search.tsquery import TsQuery

#: Names with a common beginning that are looked through for the most used, and newest events for their titles.
LOOKED_THROUGH = 1_000

#: Behind every text that begins with what it is put behind.
_BEYOND = "\U0010ffff"


@dataclass(frozen=True)
class Offer:
    """What could be meant: its kind, how it is written, and for an event or a topic its id."""

    kind: str
    text: str
    id: str | None


def find_titles(conn: Connection, beginning: str, limit: int) -> list[Offer]:
    """Events whose title begins so, by title. `beginning` is made as title_key is."""
    rows = conn.execute(
        """
        SELECT convert_from(document, 'UTF8')::json ->> 'title', id::text
          FROM event
         WHERE record_state = 'active'
           AND title_key >= %(beginning)s AND title_key < %(beyond)s
         ORDER BY title_key, id
         LIMIT %(limit)s
        """,
        {"beginning": beginning, "beyond": beginning + _BEYOND, "limit": limit},
        prepare=False,
    )
    return [Offer("title", *row) for row in rows]


def find_topics(conn: Connection, words: TsQuery, beginning: str, limit: int) -> list[Offer]:
    """One label of each topic that has words of the tsquery `words`; first those that begin with `beginning`."""
    rows = conn.execute(
        """
        SELECT label, topic_id
          FROM (SELECT DISTINCT ON (topic_id) topic_id, label, folded, starts_with(folded, %(beginning)s) AS begins
                  FROM topic_label
                 WHERE words @@ %(words)s::tsquery
                 ORDER BY topic_id, begins DESC, length(label), label) AS found
         ORDER BY begins DESC, length(label), label, topic_id
         LIMIT %(limit)s
        """,
        {"words": words, "beginning": beginning, "limit": limit},
        prepare=False,
    )
    return [Offer("topic", *row) for row in rows]


def find_participants(conn: Connection, words: TsQuery, beginning: str, limit: int) -> list[Offer]:
    """The most used names that have words of the tsquery `words`; first those that begin with `beginning`."""
    rows = conn.execute(
        """
        SELECT name
          FROM (SELECT name, uses, starts_with(folded, %(beginning)s) AS begins
                  FROM participant_name
                 WHERE words @@ %(words)s::tsquery
                 LIMIT %(looked_through)s) AS found
         ORDER BY begins DESC, uses DESC, length(name), name
         LIMIT %(limit)s
        """,
        {"words": words, "beginning": beginning, "limit": limit, "looked_through": LOOKED_THROUGH},
        prepare=False,
    )
    return [Offer("participant", row[0], None) for row in rows]


def find_titled(conn: Connection, words: TsQuery, in_titles: TsQuery, region: Region | None, limit: int) -> list[Offer]:
    """The newest events of a region that meet the tsquery `words`, and do so by their titles."""
    within = f"AND {region.condition}" if region else ""
    # PostgreSQL expects every row to meet a query of titles alone, and would read them all: so that one comes second.
    rows = conn.execute(
        f"""
        SELECT convert_from(document, 'UTF8')::json ->> 'title', id::text
          FROM (SELECT event_id, day
                  FROM (SELECT event_id, day, tsv
                          FROM event_search AS search
                         WHERE search.tsv @@ %(words)s::tsquery {within}
                         LIMIT %(looked_through)s) AS first
                 WHERE tsv @@ %(in_titles)s::tsquery
                 ORDER BY day DESC, event_id
                 LIMIT %(limit)s) AS found
          JOIN event ON id = event_id
         ORDER BY day DESC, event_id
        """,
        {
            "words": words,
            "in_titles": in_titles,
            "limit": limit,
            "looked_through": LOOKED_THROUGH,
            "region_month": region and region.month,
            "region_bucket": region and region.bucket,
        },
        prepare=False,
    )
    return [Offer("title", *row) for row in rows]
