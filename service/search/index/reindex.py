"""Indexing of stored events: of those without a search document, or of all after a change of the analyzer."""

from collections.abc import Callable
from uuid import UUID

import orjson
import psycopg

from service import store
from service.search.index.document import search_document

#: Events in one transaction, which locks them against writers.
_BATCH = 200

#: An id that is less than any other.
_FIRST = UUID(int=0)


def index_events(
    conn: psycopg.Connection, *, again: bool = False, on_batch: Callable[[int], None] = lambda _: None
) -> int:
    """Index every event without a search document, or with `again` every event, and return their number.

    `on_batch` is called with the number so far after each batch. Several processes can run it at the same time, and be
    stopped at any time.
    """
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
