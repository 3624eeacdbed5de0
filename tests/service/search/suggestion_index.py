"""The index of suggestions, brought up to date as the worker does it, and the suggestions that it gives."""

from typing import Any

import psycopg
from flask.testing import FlaskClient

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


def party(name: str, jurisdiction: str = "JP") -> dict[str, Any]:
    """Return a participant."""
    return {"name": name, "role": "party", "jurisdiction": jurisdiction}


def offered(client: FlaskClient, typed: str, **more: Any) -> list[tuple[str, str]]:
    """Return kind and text of the suggestions."""
    answer = client.get("/v1/suggest", query_string={"q": typed} | more)
    assert answer.status_code == 200, answer.text
    return [(one["type"], one["text"]) for one in answer.get_json()["items"]]
