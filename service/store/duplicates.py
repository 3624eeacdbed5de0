"""Events that may be the one that is about to be recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg import Connection

#: Duplicates named at most. A source that more events share, such as a tracker's home page, says nothing by itself.
MOST_NAMED = 5

#: Trigrams that two titles share, of all in both, from which they are near. Of pairs with a common party and
#: overlapping dates in two public trackers of climate laws, some two thirds were one law from 0.60 to 0.70, one third
#: from 0.55 to 0.60, and next to none below; above 0.70 nearly all were.
NEAR = 0.6

#: Titles compared at most, at 20 us each: where more events share party and dates, those that come first are compared.
MOST_COMPARED = 100


@dataclass(frozen=True)
class Clues:
    """By what an event's duplicates are found. Its date is None where none is known."""

    url_keys: Sequence[str]
    title_key: str
    parties: Sequence[str]
    earliest: date | None
    latest: date | None
    #: Days before `earliest` on which what is known to the month, season or year may begin and last until it.
    coarser_starts: Sequence[date]


def find_duplicates(conn: Connection, clues: Clues) -> list[UUID]:
    """The ids of the events that are most likely the one with `clues`, likeliest first."""
    values = vars(clues) | {"near": NEAR, "compared": MOST_COMPARED, "named": MOST_NAMED}
    return [row[0] for row in conn.execute(_FIND, values, binary=True)]


# An index of the titles' trigrams alone took 4 to 17 ms in 15,000 events, since most titles share most trigrams; date
# and party leave few titles to compare, and take 0.3 ms. Exact and coarse dates are two lists, each with an index of
# its own: joined by OR they made PostgreSQL read every event of the parties. Where a date is missing only a title that
# is the same counts.
_FIND = """
    WITH dated AS (
        SELECT id, title_key
          FROM event
         WHERE record_state = 'active'
           AND coalesce(date_earliest, 'infinity') BETWEEN %(earliest)s::date AND %(latest)s::date
           AND parties && %(parties)s::text[]
           AND length(title_key) BETWEEN length(%(title_key)s::text) / 2 AND length(%(title_key)s::text) * 2
         LIMIT %(compared)s
    ), coarse AS (
        SELECT id, title_key
          FROM event
         WHERE record_state = 'active'
           AND date_earliest = ANY(%(coarser_starts)s::date[])
           AND date_latest > date_earliest
           AND date_latest >= %(earliest)s::date
           AND parties && %(parties)s::text[]
           AND length(title_key) BETWEEN length(%(title_key)s::text) / 2 AND length(%(title_key)s::text) * 2
         LIMIT %(compared)s
    ), undated AS (
        SELECT id, title_key
          FROM event
         WHERE record_state = 'active'
           AND title_key = %(title_key)s::text
           AND (parties && %(parties)s::text[] OR parties = %(parties)s::text[])
           AND (date_earliest IS NULL OR %(earliest)s::date IS NULL)
         LIMIT %(compared)s
    ), compared AS MATERIALIZED (
        SELECT id, similarity(title_key, %(title_key)s::text) AS likeness
          FROM (TABLE dated UNION ALL TABLE coarse UNION ALL TABLE undated) AS candidate
    ), sharing AS (
        SELECT found.id, 1 AS likeness
          FROM unnest(%(url_keys)s::text[]) AS key
         CROSS JOIN LATERAL (
               SELECT event_id AS id, count(*) OVER () AS sharers
                 FROM (SELECT event_id FROM event_source WHERE url_key = key LIMIT %(named)s + 1) AS first
               ) AS found
         WHERE sharers <= %(named)s
    )
    SELECT id
      FROM (SELECT id, likeness FROM compared WHERE likeness >= %(near)s UNION ALL TABLE sharing) AS likely
     GROUP BY id
     ORDER BY sum(likeness) DESC, id
     LIMIT %(named)s
    """
