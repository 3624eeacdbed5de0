"""Stored events that may be the event of a new record: by title, by rare words, and by source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

from psycopg import Connection

from service.store.search.tsquery import TsQuery

#: The most events that share a source. A source of more events, such as a tracker's home page, is no clue.
MOST_SHARING = 5

#: The most candidates by title and by words each.
MOST_CANDIDATES = 10

#: The least trigram similarity of the titles of an event that has the words: other titles share half of their words.
LEAST_LIKENESS = 0.3

#: The most events that are read for one title, and for the words: to compare a title takes 20 us.
_MOST_ENTITLED, _MOST_WORDED = 200, 50


@dataclass(frozen=True)
class Clues:
    """The properties by which candidates are found.

    `words` matches events with the rare words of the title. `party_keys` are the facet keys of the parties.
    `earliest` is the first day of the main date, None if unknown.
    """

    url_keys: Sequence[str]
    title_key: str
    words: TsQuery
    parties: Sequence[str]
    party_keys: Sequence[str]
    earliest: date | None


@dataclass(frozen=True)
class Candidate:
    """A stored event with its document, and whether it shares a source with the new record."""

    id: UUID
    document: bytes
    shares_source: bool


def find_candidates(conn: Connection, clues: Clues) -> list[Candidate]:
    """Return the candidates with the same parties, and those that share a source, at most 25."""
    rows = conn.execute(_statement(with_parties=bool(clues.parties)), vars(clues), binary=True)
    return [Candidate(*row) for row in rows]


@cache
def _statement(*, with_parties: bool) -> str:
    """Return the statement for a record with parties or without.

    Each part reads a bounded number of rows: a title that hundreds of events have says as little as a common word.
    """
    by_party = "parties && %(parties)s::text[]" if with_parties else "parties = '{}'"
    keyed = "AND facets && %(party_keys)s::text[]" if with_parties else ""
    return f"""
    WITH entitled AS (
        SELECT id
          FROM (SELECT id, parties, date_earliest
                  FROM event
                 WHERE record_state = 'active' AND title_key = %(title_key)s::text
                 ORDER BY title_key DESC, id DESC
                 LIMIT {_MOST_ENTITLED}) AS same
         WHERE {by_party}
         ORDER BY abs(date_earliest - %(earliest)s::date), id
         LIMIT {MOST_CANDIDATES}
    ), worded AS (
        SELECT id
          FROM (SELECT id, similarity(title_key, %(title_key)s::text) AS likeness
                  FROM (SELECT event_id
                          FROM event_search
                         WHERE tsv @@ %(words)s::tsquery {keyed}
                         LIMIT {_MOST_WORDED}) AS matching
                  JOIN event ON id = event_id
                 WHERE record_state = 'active' AND {by_party}
                OFFSET 0) AS compared
         WHERE likeness >= {LEAST_LIKENESS}
         ORDER BY likeness DESC, id
         LIMIT {MOST_CANDIDATES}
    ), sharing AS (
        SELECT sharer.id
          FROM unnest(%(url_keys)s::text[]) AS key
         CROSS JOIN LATERAL (
               SELECT event_id AS id, count(*) OVER () AS sharers
                 FROM (SELECT event_id FROM event_source WHERE url_key = key LIMIT {MOST_SHARING} + 1) AS first
               ) AS sharer
         WHERE sharers <= {MOST_SHARING}
         LIMIT {MOST_SHARING}
    )
    SELECT event.id, document, candidate.shares_source
      FROM (SELECT id, bool_or(shares_source) AS shares_source
              FROM (SELECT id, false AS shares_source FROM entitled
                     UNION ALL
                    SELECT id, false FROM worded
                     UNION ALL
                    SELECT id, true FROM sharing) AS several
             GROUP BY id) AS candidate
      JOIN event ON event.id = candidate.id AND record_state = 'active'
    """
