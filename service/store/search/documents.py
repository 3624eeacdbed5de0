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
from service.store.search.tsvector import TsVector

#: The number of buckets, which events are assigned to by their ids.
BUCKETS = 64

#: The time for which former documents stay, for clients that page through a ranking.
_RETENTION = "1 hour"

#: The version of the rules by which texts become lexemes. Events that were analysed by earlier ones are indexed again.
ANALYSIS = 2


@dataclass(frozen=True)
class SearchDocument:
    """The searchable content of one version of an event: a row of event_search.

    `words` is the number of words in `tsv`, each once; `length` counts those of titles and summaries as often as they
    are there. `languages` are those of the texts, `facets` and `counted` the keys of facets. The main date lies from
    `date_earliest` to `date_latest`.
    """

    month: int
    day: date | None
    languages: Sequence[str]
    tsv: TsVector
    words: int
    length: int
    facets: Sequence[str]
    counted: Sequence[str]
    date_earliest: date | None
    date_latest: date | None


# The tsvectors are a parameter of their own in binary form. One of the article takes 0.11 ms to write here and 0.06 ms
# to read there; as text it takes 0.46 and 0.23 ms.
_GIVEN = """
    SELECT id, month, coalesce(day, '-infinity') AS day, languages, words, length, facets, counted,
           date_earliest, date_latest, tsv
      FROM ROWS FROM (json_to_recordset(%(search_documents)s)
                      AS (id uuid, month integer, day date, languages text[], words integer, length integer,
                          facets text[], counted text[], date_earliest date, date_latest date),
                      unnest(%(tsvectors)b::tsvector[]))
           AS given (id, month, day, languages, words, length, facets, counted, date_earliest, date_latest, tsv)
    """

_LANGUAGES = """
        INSERT INTO search_language (configuration)
        SELECT DISTINCT language
          FROM search_document
         CROSS JOIN unnest(languages) AS language
         WHERE NOT EXISTS (SELECT FROM search_language AS used WHERE used.configuration = language)
    """

_ROWS = f"""
    INSERT INTO event_search (event_id, month, bucket, day, length, words, tsv,
                              facets, counted, date_earliest, date_latest, analysis)
    SELECT id, month, get_byte(uuid_send(id), 15) & {BUCKETS - 1}, day, length, words, tsv,
           facets, counted, date_earliest, date_latest, {ANALYSIS}
      FROM search_document
    """

#: The common table expressions that insert the documents of new events, whose parameters `document_parameters` returns.
INSERT_DOCUMENTS = f"search_document AS MATERIALIZED ({_GIVEN}), language AS ({_LANGUAGES}), inserted AS ({_ROWS})"

_UPSERT = f"""
    WITH search_document AS MATERIALIZED ({_GIVEN}), former AS (
        INSERT INTO event_search_past (event_id, month, bucket, day, length, words, tsv, written)
        SELECT event_id, former.month, bucket, former.day, former.length, former.words, former.tsv,
               least(written, {row_transaction("former")})
          FROM event_search AS former
          JOIN search_document AS new ON new.id = former.event_id
                                     AND (new.tsv, new.day) IS DISTINCT FROM (former.tsv, former.day)
         WHERE former.analysis = {ANALYSIS}
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
           date_earliest = excluded.date_earliest, date_latest = excluded.date_latest, analysis = excluded.analysis,
           written = CASE WHEN (event_search.tsv, event_search.day) IS DISTINCT FROM (excluded.tsv, excluded.day)
                          THEN excluded.written
                          ELSE event_search.written
                      END
     WHERE (event_search.tsv, event_search.day, event_search.facets, event_search.counted,
            event_search.date_earliest, event_search.date_latest, event_search.analysis)
           IS DISTINCT FROM (excluded.tsv, excluded.day, excluded.facets, excluded.counted,
                             excluded.date_earliest, excluded.date_latest, excluded.analysis)
    """


def upsert_search_documents(conn: Connection, search_documents: Iterable[tuple[UUID, SearchDocument]]) -> None:
    """Insert or replace the documents of events. The former ones stay for an hour."""
    conn.execute(_UPSERT, document_parameters(search_documents))


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
    """Return id and document of active events after `after` without a current search document, or of any with `again`.

    They are locked against writers.
    """
    return conn.execute(
        f"""
        SELECT id, document
          FROM event
         WHERE record_state = 'active' AND id > %(after)s
           AND (%(again)s OR NOT EXISTS (SELECT FROM event_search WHERE event_id = id AND analysis = {ANALYSIS}))
         ORDER BY id
         LIMIT %(limit)s
           FOR NO KEY UPDATE OF event
        """,
        {"after": after, "limit": limit, "again": again},
        binary=True,
    ).fetchall()


def document_parameters(search_documents: Iterable[tuple[UUID, SearchDocument]]) -> dict[str, Any]:
    """Return documents as parameters of the statements."""
    rows, tsvectors = [], []
    for id_, document in search_documents:
        row = {"id": id_} | vars(document)
        tsvectors.append(row.pop("tsv"))
        rows.append(row)
    return {"search_documents": orjson.dumps(rows).decode(), "tsvectors": tsvectors}


def list_languages(conn: Connection) -> tuple[str, ...]:
    """Return the languages in which some text was analysed, in order."""
    rows = conn.execute("SELECT DISTINCT configuration FROM search_language ORDER BY 1").fetchall()
    return tuple(name for (name,) in rows)
