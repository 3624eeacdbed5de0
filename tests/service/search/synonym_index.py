"""The index of synonyms, brought up to date as the worker does it."""

import psycopg

from service.feed.sequencer import catch_up
from service.search.synonyms.indexer import index_synonyms_once


def update_synonyms(database: str) -> None:
    """Index the acronyms of all events and the labels of all topics."""
    with psycopg.connect(database, autocommit=True) as conn:
        catch_up(conn)
        while True:
            with conn.transaction():
                if not index_synonyms_once(conn):
                    return
