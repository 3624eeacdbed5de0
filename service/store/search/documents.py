"""The search documents of events, in the table event_search."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege

from service.store.search.transactions import row_transaction
from service.store.search.tsquery import TsQuery
from service.store.search.tsvector import TsVector

#: The number of buckets, which events are assigned to by their ids.
BUCKETS = 64

#: The time for which former documents stay, for clients that page through a ranking.
_RETENTION = "1 hour"

#: The separator of two texts, which no phrase spans; see MARK in service/search/text/analyzer.py.
_GAP = "\ua78f"


@dataclass(frozen=True)
class SearchDocument:
    """The searchable content of one version of an event: a row of event_search.

    `sections` are, in order: weight (A to D), text search configuration, prepared text, and how often it counts.
    `languages` are the marked names of the configurations, `facets` and `counted` the keys of facets. The main date
    lies from `date_earliest` to `date_latest`.
    """

    month: int
    day: date | None
    languages: Sequence[str]
    sections: Sequence[tuple[str, str, str, int]]
    facets: Sequence[str]
    counted: Sequence[str]
    date_earliest: date | None
    date_latest: date | None


def _positions(tsvector: str) -> str:
    """Return SQL for the number of positions in a tsvector: no function has it; in binary each takes two bytes."""
    return f"(octet_length(tsvectorsend({tsvector})) - octet_length(tsvectorsend(strip({tsvector})))) / 2"


#: The tsvector of `sections` and `languages`, and the number of its words, each once. A section that counts several
#: times is appended again behind all sections.
_TSVECTOR = f"""
    SELECT ts_delete(tsvector_joined(part ORDER BY round, place), '{_GAP}') || array_to_tsvector(languages) AS tsv,
           sum({_positions(f"ts_delete(part, '{_GAP}')")}) FILTER (WHERE round = 1) AS words
      FROM (SELECT setweight(to_tsvector((section ->> 1)::regconfig, section ->> 2), (section ->> 0)::"char") AS part,
                   (section ->> 3)::integer AS times, place
              FROM json_array_elements(sections) WITH ORDINALITY AS numbered (section, place)
            OFFSET 0) AS analysed
     CROSS JOIN LATERAL generate_series(1, times) AS round
    """

_ANALYSED = f"""
    SELECT id, month, coalesce(day, '-infinity') AS day, languages, facets, counted, date_earliest, date_latest,
           tsv, words, {_positions("tsv")} AS length
      FROM json_to_recordset(%(search_documents)s)
           AS given (id uuid, month integer, day date, languages text[], sections json,
                     facets text[], counted text[], date_earliest date, date_latest date)
     CROSS JOIN LATERAL ({_TSVECTOR} OFFSET 0) AS analysed
    """

_LANGUAGES = f"""
        INSERT INTO search_language (configuration)
        SELECT DISTINCT ltrim(language, '{_GAP}')
          FROM search_document
         CROSS JOIN unnest(languages) AS language
         WHERE NOT EXISTS (SELECT FROM search_language AS used WHERE used.configuration = ltrim(language, '{_GAP}'))
    """

_ROWS = f"""
    INSERT INTO event_search (event_id, month, bucket, day, length, words, tsv,
                              facets, counted, date_earliest, date_latest)
    SELECT id, month, get_byte(uuid_send(id), 15) & {BUCKETS - 1}, day, length, words, tsv,
           facets, counted, date_earliest, date_latest
      FROM search_document
    """

#: The common table expressions that insert the documents of new events, which are the parameter `search_documents`.
INSERT_DOCUMENTS = f"search_document AS MATERIALIZED ({_ANALYSED}), language AS ({_LANGUAGES}), inserted AS ({_ROWS})"

_UPSERT = f"""
    WITH search_document AS MATERIALIZED ({_ANALYSED}), former AS (
        INSERT INTO event_search_past (event_id, month, bucket, day, length, words, tsv, written)
        SELECT event_id, former.month, bucket, former.day, former.length, former.words, former.tsv,
               least(written, {row_transaction("former")})
          FROM event_search AS former
          JOIN search_document AS new ON new.id = former.event_id
                                     AND (new.tsv, new.day) IS DISTINCT FROM (former.tsv, former.day)
    ), expired AS (
        DELETE FROM event_search_past
         WHERE ctid IN (SELECT ctid
                          FROM event_search_past
                         WHERE ended_at < now() - interval '{_RETENTION}'
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
    """Insert or replace the documents of events. The former ones stay for an hour."""
    conn.execute(_UPSERT, {"search_documents": documents_as_json(search_documents)})


def delete_search_documents(conn: Connection, ids: Collection[UUID]) -> None:
    """Delete the documents of events, so that no search finds them."""
    conn.execute("DELETE FROM event_search WHERE event_id = ANY(%s)", (list(ids),))


def flush_pending_list(conn: Connection) -> int:
    """Move the pending rows of the word index to their place, and return the number of pages."""
    try:
        row = conn.execute("SELECT gin_clean_pending_list('event_search_by_words')").fetchone()
    except InsufficientPrivilege:  # only the index's owner may do it; else writers and autovacuum do
        return 0
    return int(row[0]) if row else 0


def lock_unindexed(conn: Connection, after: UUID, limit: int, *, again: bool) -> list[tuple[UUID, bytes]]:
    """Return id and document of active events after `after` that have no search document, or of any with `again`.

    They are locked against writers.
    """
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
    """Return those of the queries that a search document matches, which need not be stored."""
    if not queries:
        return set()
    rows = conn.execute(
        f"""
        SELECT place
          FROM (SELECT %(sections)s::json AS sections, %(languages)s::text[] AS languages) AS document
         CROSS JOIN LATERAL ({_TSVECTOR} OFFSET 0) AS analysed
          JOIN unnest(%(queries)s::text[]) WITH ORDINALITY AS asked (query, place) ON tsv @@ query::tsquery
        """,
        {
            "sections": orjson.dumps(search_document.sections).decode(),
            "languages": list(search_document.languages),
            "queries": [query.render() for query in queries],
        },
    )
    return {queries[place - 1] for (place,) in rows}


def analyse(conn: Connection, search_document: SearchDocument) -> TsVector:
    """Return the words of a search document, which need not be stored."""
    [[positions]] = conn.execute(
        f"""
        SELECT (SELECT json_object_agg(lexeme, positions)::text FROM unnest(tsv))
          FROM (SELECT %(sections)s::json AS sections, %(languages)s::text[] AS languages) AS document
         CROSS JOIN LATERAL ({_TSVECTOR} OFFSET 0) AS analysed
        """,
        {
            "sections": orjson.dumps(search_document.sections).decode(),
            "languages": list(search_document.languages),
        },
    ).fetchall()
    return TsVector(orjson.loads(positions) if positions else None)


def documents_as_json(search_documents: Iterable[tuple[UUID, SearchDocument]]) -> str:
    """Return documents as JSON for the statements."""
    rows: list[dict[str, Any]] = [{"id": id_} | vars(document) for id_, document in search_documents]
    return orjson.dumps(rows).decode()
