"""The words of events, as they are looked for."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege

from service.store.search.tsquery import TsQuery

#: Parts that events are dealt into by their ids.
BUCKETS = 64

#: How long the former words of an event are kept for those who page through a ranking.
_KEPT = "1 hour"

#: Where two texts meet, so that no phrase spans both; see service/search/text/analyzer.py.
_GAP = "\ua78f"


@dataclass(frozen=True)
class SearchDocument:
    """What can be found in one version of an event.

    `sections` are weight (A to D), PostgreSQL's configuration, prepared text and how many times it counts, in order.
    `languages` are marks of its configurations.
    `facets` and `counted` are what it counts as; the main date is known from `date_earliest` to `date_latest`.
    """

    month: int
    day: date | None
    languages: Sequence[str]
    sections: Sequence[tuple[str, str, str, int]]
    facets: Sequence[str]
    counted: Sequence[str]
    date_earliest: date | None
    date_latest: date | None


def _places(tsvector: str) -> str:
    """The number of places that words have: two bytes for each in the binary form, and nothing else tells it."""
    return f"(octet_length(tsvectorsend({tsvector})) - octet_length(tsvectorsend(strip({tsvector})))) / 2"


#: The tsvector of `sections` and `languages`, and how many words count in it, each once. What counts several times
#: stands behind everything again.
_TSVECTOR = f"""
    SELECT ts_delete(tsvector_joined(said ORDER BY round, place), '{_GAP}') || array_to_tsvector(languages) AS tsv,
           sum({_places(f"ts_delete(said, '{_GAP}')")}) FILTER (WHERE round = 1) AS words
      FROM (SELECT setweight(to_tsvector((section ->> 1)::regconfig, section ->> 2), (section ->> 0)::"char") AS said,
                   (section ->> 3)::integer AS times, place
              FROM json_array_elements(sections) WITH ORDINALITY AS part (section, place)
            OFFSET 0) AS analysed
     CROSS JOIN LATERAL generate_series(1, times) AS round
    """

_ANALYSED = f"""
    SELECT id, month, coalesce(day, '-infinity') AS day, languages, facets, counted, date_earliest, date_latest,
           tsv, words, {_places("tsv")} AS length
      FROM json_to_recordset(%(search_documents)s)
           AS said (id uuid, month integer, day date, languages text[], sections json,
                    facets text[], counted text[], date_earliest date, date_latest date)
     CROSS JOIN LATERAL ({_TSVECTOR} OFFSET 0) AS analysed
    """

_LANGUAGES = f"""
        INSERT INTO search_language (configuration)
        SELECT DISTINCT ltrim(language, '{_GAP}')
          FROM worded
         CROSS JOIN unnest(languages) AS language
         WHERE NOT EXISTS (SELECT FROM search_language AS known WHERE known.configuration = ltrim(language, '{_GAP}'))
    """

_ROWS = f"""
    INSERT INTO event_search (event_id, month, bucket, day, length, words, tsv,
                              facets, counted, date_earliest, date_latest)
    SELECT id, month, get_byte(uuid_send(id), 15) & {BUCKETS - 1}, day, length, words, tsv,
           facets, counted, date_earliest, date_latest
      FROM worded
    """

#: The parts of a statement by which new events have the words in its parameter `search_documents`.
INSERT_DOCUMENTS = f"worded AS MATERIALIZED ({_ANALYSED}), language AS ({_LANGUAGES}), kept AS ({_ROWS})"

_KEEP = f"""
    WITH worded AS MATERIALIZED ({_ANALYSED}), former AS (
        INSERT INTO event_search_past (event_id, month, bucket, day, length, words, tsv, written)
        SELECT event_id, former.month, bucket, former.day, former.length, former.words, former.tsv, written
          FROM event_search AS former
          JOIN worded ON worded.id = former.event_id
                     AND (worded.tsv, worded.day) IS DISTINCT FROM (former.tsv, former.day)
    ), forgotten AS (
        DELETE FROM event_search_past
         WHERE ctid IN (SELECT ctid
                          FROM event_search_past
                         WHERE ended_at < now() - interval '{_KEPT}'
                         ORDER BY ended_at
                         LIMIT 20
                           FOR UPDATE SKIP LOCKED)
    ), language AS ({_LANGUAGES})
    {_ROWS}
        ON CONFLICT (event_id) DO UPDATE
       SET month = excluded.month, day = excluded.day, length = excluded.length, words = excluded.words,
           tsv = excluded.tsv, facets = excluded.facets, counted = excluded.counted,
           date_earliest = excluded.date_earliest, date_latest = excluded.date_latest,
           written = CASE WHEN (event_search.tsv, event_search.day) IS DISTINCT FROM (excluded.tsv, excluded.day)
                          THEN excluded.written
                          ELSE event_search.written
                      END
     WHERE (event_search.tsv, event_search.day, event_search.facets, event_search.counted,
            event_search.date_earliest, event_search.date_latest)
           IS DISTINCT FROM (excluded.tsv, excluded.day, excluded.facets, excluded.counted,
                             excluded.date_earliest, excluded.date_latest)
    """


def upsert_search_documents(conn: Connection, search_documents: Iterable[tuple[UUID, SearchDocument]]) -> None:
    """Let these be the words by which the events are found."""
    conn.execute(_KEEP, {"search_documents": documents_as_json(search_documents)})


def delete_search_documents(conn: Connection, ids: Collection[UUID]) -> None:
    """Let the events not be found any more."""
    conn.execute("DELETE FROM event_search WHERE event_id = ANY(%s)", (list(ids),))


def flush_pending_list(conn: Connection) -> int:
    """Let what waits in the index's list of pending rows be where it is found at once; how many pages that were."""
    try:
        found = conn.execute("SELECT gin_clean_pending_list('event_search_by_words')").fetchone()
    except InsufficientPrivilege:  # who does not own the index leaves it to those who write, and to autovacuum
        return 0
    return int(found[0]) if found else 0


def lock_unindexed(conn: Connection, after: UUID, limit: int, *, again: bool) -> list[tuple[UUID, bytes]]:
    """Active events with ids greater than `after` that have no words yet, or any if `again`, locked against writers."""
    return conn.execute(
        """
        SELECT id, document
          FROM event
         WHERE record_state = 'active' AND id > %(after)s
           AND (%(again)s OR NOT EXISTS (SELECT FROM event_search WHERE event_id = id))
         ORDER BY id
         LIMIT %(limit)s
           FOR NO KEY UPDATE OF event
        """,
        {"after": after, "limit": limit, "again": again},
        binary=True,
    ).fetchall()


def find_matching_queries(
    conn: Connection, search_document: SearchDocument, queries: Sequence[TsQuery]
) -> set[TsQuery]:
    """Return those of the queries that the words of an event match. The words need not be stored."""
    if not queries:
        return set()
    found = conn.execute(
        f"""
        SELECT place
          FROM (SELECT %(sections)s::json AS sections, %(languages)s::text[] AS languages) AS given
         CROSS JOIN LATERAL ({_TSVECTOR} OFFSET 0) AS analysed
          JOIN unnest(%(queries)s::text[]) WITH ORDINALITY AS asked (query, place) ON tsv @@ query::tsquery
        """,
        {
            "sections": orjson.dumps(search_document.sections).decode(),
            "languages": list(search_document.languages),
            "queries": [query.render() for query in queries],
        },
    )
    return {queries[place - 1] for (place,) in found}


def documents_as_json(search_documents: Iterable[tuple[UUID, SearchDocument]]) -> str:
    """Wordings as the statements read them."""
    rows: list[dict[str, Any]] = [{"id": id_} | vars(document) for id_, document in search_documents]
    return orjson.dumps(rows).decode()
