"""Erasure: removes everything that was stored about an event, for a person's right to it."""

import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection

from schemas.vocabulary import Vocabulary
from service import clock, store
from service.errors import Gone, NotFound, Unavailable
from service.search.suggest.indexer import index_names_once
from service.search.synonyms.indexer import index_synonyms_once
from service.store.erasure import ErasedRows, StoredAnswer
from service.store.events.records import Authorship
from service.strict_json import render

#: Characters of a text at least that is searched for in errors; shorter ones stand in errors of other records.
LEAST_TEXT = 6

#: Tries to follow the feed up to the deletion, and seconds between two of them while another process does it.
_TRIES, _PAUSE = 1_200, 0.05

#: Members whose texts are not the event's own.
_SHARED = frozenset({"topics", "id"})

_DATE = re.compile(r"[-\d.:/TZ~?%+X]+")


def erase_event(conn: Connection, id: UUID) -> ErasedRows:
    """Delete the event if it is not deleted, then erase it and the events merged into it; return what was erased.

    Followers of the feed are told to drop it. `conn` must be in autocommit. NotFound for an id that never existed.
    """
    ids = store.erasure.list_merged(conn, id)
    if not ids:
        raise NotFound(f"There is no event {id}.")
    _delete(conn, id)
    _follow(conn, ids)
    with conn.transaction():
        store.events.records.lock_events(conn, ids)
        texts = {text for document in store.erasure.iterate_documents(conn, ids) for text in own_texts(document)}
        return store.erasure.erase_events(conn, ids, sorted(texts), _answer(id))


def _delete(conn: Connection, id: UUID) -> None:
    with conn.transaction():
        version, state = store.events.revisions.get_latest_state(conn, id)
        if state == "active":
            by = Authorship(None, None, None)
            store.events.records.delete_event(conn, id, by, expected=version, now=clock.now())


def _follow(conn: Connection, ids: list[UUID]) -> None:
    """Sequence the changes of the events, and take their names and acronyms out of suggestions and synonyms."""
    for _ in range(_TRIES):
        advanced = store.feed.sequence(conn)
        with conn.transaction():
            advanced += index_names_once(conn) + index_synonyms_once(conn)
        if store.erasure.is_followed(conn, ids):
            return
        if not advanced:
            time.sleep(_PAUSE)
    raise Unavailable("Other processes hold the change feed; try again.")


def own_texts(document: bytes) -> Iterator[str]:
    """Yield the texts of a document, also as JSON has them, without words of vocabularies, dates and numbers."""
    for text in _texts(orjson.loads(document)):
        if len(text) >= LEAST_TEXT and text not in _WORDS and not _DATE.fullmatch(text):
            yield text
            yield render(text)[1:-1].decode()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name not in _SHARED:
                yield from _texts(member)


_WORDS = frozenset(word for vocabulary in Vocabulary.__subclasses__() for word in vocabulary.words())


def _answer(id: UUID) -> StoredAnswer:
    """Return the response to a repeated request that made or changed the event."""
    problem = {
        "type": f"/problems/{Gone.code}",
        "title": Gone.__doc__,
        "status": 410,
        "detail": f"The event {id} was erased.",
    }
    return StoredAnswer(410, {"Content-Type": "application/problem+json"}, render(problem))
