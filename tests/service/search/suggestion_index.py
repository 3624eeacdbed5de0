"""The index of suggestions, brought up to date as the worker does it."""

import psycopg

from service.feed.sequencer import catch_up
from service.search.suggest.indexer import index_names_once


def update_suggestions(database: str) -> None:
    """Index the names and words of all events."""
    with psycopg.connect(database, autocommit=True) as conn:
        catch_up(conn)
        while True:
            with conn.transaction():
                if not index_names_once(conn):
                    return
