"""Likely duplicates of an event that is about to be recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg import Connection

#: Maximum number of duplicates. A source of more events than that, such as a tracker's home page, is no clue.
MOST_NAMED = 5

#: Minimum trigram similarity of two titles. Among pairs with a common party and overlapping dates in two public
#: trackers of climate laws, nearly all above 0.70 were one law, two thirds from 0.60 to 0.70, one third from 0.55 to
#: 0.60, and hardly any below.
NEAR = 0.6

#: Maximum number of titles to compare, at 20 us each; if more events share party and dates, the rest are skipped.
MOST_COMPARED = 100


@dataclass(frozen=True)
class Clues:
    """The properties by which duplicates of an event are found. Dates are None if unknown."""

    url_keys: Sequence[str]
    title_key: str
    parties: Sequence[str]
    earliest: date | None
    latest: date | None
    #: Labels of the months in which a duplicate can begin, see service/search/index/features.py.
    labels: Sequence[str]


def find_duplicates(conn: Connection, clues: Clues) -> list[UUID]:
    """Return the ids of the most likely duplicates, the likeliest first."""
    values = vars(clues) | {"near": NEAR, "compared": MOST_COMPARED, "named": MOST_NAMED}
    return [row[0] for row in conn.execute(_FIND, values, binary=True)]


# A trigram index of the titles alone took 4 to 17 ms with 15,000 events, since most titles share most trigrams. Month
# and party are in one index and leave few titles to compare: 0.1 to 1 ms with 100,000 events; with a million, 1 to
# 10 ms for a day (by the index of dates 25 ms) and 60 ms for a year (500 ms). The compared expressions of the date are
# in no index, so that the planner cannot choose one. An open end counts as its beginning. Without a date only an
# equal title counts.
_FIND = """
    WITH dated AS (
        SELECT id, title_key
          FROM event
         WHERE record_state = 'active'
           AND parties && %(parties)s::text[]
           AND labels && %(labels)s::text[]
           AND date_earliest <= %(latest)s::date
           AND coalesce(date_latest, date_earliest) >= %(earliest)s::date
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
          FROM (TABLE dated UNION ALL TABLE undated) AS candidate
    ), sharing AS (
        SELECT sharer.id, 1 AS likeness
          FROM unnest(%(url_keys)s::text[]) AS key
         CROSS JOIN LATERAL (
               SELECT event_id AS id, count(*) OVER () AS sharers
                 FROM (SELECT event_id FROM event_source WHERE url_key = key LIMIT %(named)s + 1) AS first
               ) AS sharer
         WHERE sharers <= %(named)s
    )
    SELECT id
      FROM (SELECT id, likeness FROM compared WHERE likeness >= %(near)s UNION ALL TABLE sharing) AS likely
     GROUP BY id
     ORDER BY sum(likeness) DESC, id
     LIMIT %(named)s
    """
