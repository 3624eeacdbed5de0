"""Indexing of stored events: of those that lack a search document or have former terms, or of all of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
import psycopg

from schemas.parts import FigureSchema
from service import store
from service.search.index.document import search_document
from service.search.index.features import features_of
from service.search.index.source_keys import url_keys
from service.strict_json import render

#: Events in one transaction, which locks them against writers.
_BATCH = 200

_FIGURE_KEYS = tuple(FigureSchema().fields)

#: An id that is less than any other.
_FIRST = UUID(int=0)


def index_events(
    conn: psycopg.Connection, *, again: bool = False, on_batch: Callable[[int], None] = lambda _: None
) -> int:
    """Index every event without a search document, or with `again` every event, and return their number.

    Before, terms that a migration made outdated are made anew, with `again` those of every event. `on_batch` is called
    with the number so far after each batch. Several processes can run it at the same time, and be stopped at any time.
    """
    if again:
        with conn.transaction():
            store.events.terms.insert_outdated_events(conn)
    _renew_terms(conn)
    done, after = 0, _FIRST
    while True:
        with conn.transaction():
            rows = store.search.documents.lock_unindexed(conn, after, _BATCH, again=again)
            store.search.documents.upsert_search_documents(
                conn, [(id_, search_document(orjson.loads(document))) for id_, document in rows]
            )
        if not rows:
            return done
        done, after = done + len(rows), rows[-1][0]
        on_batch(done)


def _renew_terms(conn: psycopg.Connection) -> None:
    """Make the index terms and source keys of outdated events anew, those of their earlier versions as well."""
    while True:
        with conn.transaction():
            ids = store.events.terms.claim_outdated_events(conn, _BATCH)
            terms, keys, documents = {}, {}, {}
            for id_, version, document, is_current in store.events.terms.list_versions(conn, ids):
                record = with_every_key(orjson.loads(document))
                if (rendered := render(record)) != document:
                    documents[id_, version] = rendered
                terms[id_, version] = features_of(record).labels
                if is_current:
                    keys[id_] = url_keys(record)
            store.events.terms.update_terms(conn, terms, keys)
            store.events.terms.update_documents(conn, documents)
        if not ids:
            return


def with_every_key(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as stored with the keys that figures had not yet when it was stored."""
    figures = [{name: figure.get(name) for name in _FIGURE_KEYS} for figure in record["figures"]]
    return record | {"figures": figures}
