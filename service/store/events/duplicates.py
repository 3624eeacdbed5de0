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
    #: Labels of the months in which what it may be can begin, see service/search/index/features.py.
    labels: Sequence[str]


def find_duplicates(conn: Connection, clues: Clues) -> list[UUID]:
    """The ids of the events that are most likely the one with `clues`, likeliest first."""
    values = vars(clues) | {"near": NEAR, "compared": MOST_COMPARED, "named": MOST_NAMED}
    return [row[0] for row in conn.execute(_FIND, values, binary=True)]


# An index of the titles' trigrams alone took 4 to 17 ms in 15,000 events, since most titles share most trigrams. Month
# and party, which meet in one index, leave few titles to compare: 0.1 to 1 ms among 100,000 events; 1 to 10 ms among a
# million for a day, where the index of dates took 25 ms, and 60 ms for a year (500 ms). What is compared of a date is
# in no index, so that none of those is taken instead. An open end counts as its beginning. Where a date is missing only
# a title that is the same counts.
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
