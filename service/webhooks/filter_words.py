"""The words of filters: compiled once for all subscriptions that share them, and looked up in documents."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice

import orjson
import psycopg
import structlog
from psycopg import Connection

from service.errors import Invalid, ServiceError
from service.search.filter import Words
from service.search.index.document import search_document
from service.search.text.query_compiler import compile_queries
from service.store.search.documents import analyse
from service.store.search.tsquery import TsQuery
from service.store.search.tsvector import TsVector

#: Errors that a filter can cause. A broken connection is none of them: the whole batch is then repeated.
FILTER_ERRORS = (ServiceError, psycopg.DataError, psycopg.ProgrammingError, ValueError, LookupError, TypeError)

#: Expressions that one statement compiles.
COMPILE_BATCH = 5

log = structlog.get_logger()


class FilterWords:
    """The queries of the words of all filters, each compiled once for the languages in use."""

    def __init__(self) -> None:
        """Begin without words."""
        #: None for words that cannot be compiled.
        self._queries: dict[Words, TsQuery | None] = {}
        self._languages: str | None = None

    def refresh(self, conn: Connection, words: Iterable[Words], *, languages: str, seconds: float) -> bool:
        """Compile the words that are new, or all if `languages` differs, and forget those that are not among them.

        Return False if that was interrupted after `seconds`; call it again to continue.
        """
        if languages != self._languages:
            self._languages, self._queries = languages, {}
        distinct, deadline = dict.fromkeys(words), time.monotonic() + seconds
        self._queries = {one: query for one, query in self._queries.items() if one in distinct}
        new = iter([one for one in distinct if one not in self._queries])
        while batch := list(islice(new, COMPILE_BATCH)):
            if time.monotonic() > deadline:
                return False
            self._queries |= dict.fromkeys(batch) | _compile_each(conn, batch)
        return True

    def query(self, words: Words) -> TsQuery:
        """Return the query of the words. Raise Invalid if they could not be compiled."""
        query = self._queries[words]
        if query is None:
            raise Invalid("The words of the filter could not be evaluated.")
        return query

    def matcher(self, conn: Connection) -> Callable[[bytes, Words], bool]:
        """Return a function that looks words up in the documents of one change; it analyses each document once."""
        vectors: dict[bytes, TsVector] = {}

        def has_words(document: bytes, words: Words) -> bool:
            query = self.query(words)
            if document not in vectors:
                vectors[document] = _analyse(conn, document)
            return vectors[document].matches(query)

        return has_words


def _compile_each(conn: Connection, words: Sequence[Words]) -> dict[Words, TsQuery]:
    """Return the queries of the words, without those that fail."""
    try:
        return _compile(conn, words)
    except FILTER_ERRORS:
        queries: dict[Words, TsQuery] = {}
        for one in words:
            with suppress(*FILTER_ERRORS):
                queries |= _compile(conn, [one])
        return queries


def _compile(conn: Connection, words: Sequence[Words]) -> dict[Words, TsQuery]:
    with conn.transaction():
        return {one: compiled.all_words for one, compiled in zip(words, compile_queries(conn, words), strict=True)}


def _analyse(conn: Connection, document: bytes) -> TsVector:
    """Return the words of a document. One that PostgreSQL cannot analyse has none, which is no fault of a filter."""
    try:
        with conn.transaction():
            return analyse(conn, search_document(orjson.loads(document)))
    except FILTER_ERRORS as error:
        log.warning("document_not_analysed", cause=type(error).__name__)
        return TsVector(None)
