"""Words for events that have none yet; for all of them again where the analysis has changed."""

from collections.abc import Callable
from uuid import UUID

import orjson
import psycopg

from service import store
from service.search.index.document import search_document

#: Events in one transaction, which holds off those who would change them.
_BATCH = 200

#: Before every id.
_FIRST = UUID(int=0)


def index(conn: psycopg.Connection, *, again: bool = False, told: Callable[[int], None] = lambda _: None) -> int:
    """Let every event be found by its words, and return how many were not; `again` is also of those that were.

    `told` hears how many it were after each batch. Several processes may do it at once, and be stopped at any time.
    """
    done, after = 0, _FIRST
    while True:
        with conn.transaction():
            found = store.search.documents.lock_unindexed(conn, after, _BATCH, again=again)
            store.search.documents.upsert_search_documents(
                conn, [(id_, search_document(orjson.loads(document))) for id_, document in found]
            )
        if not found:
            return done
        done, after = done + len(found), found[-1][0]
        told(done)
