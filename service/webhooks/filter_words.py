"""The words of filters: compiled once for all subscriptions that share them, and looked up in documents."""

import time
from collections.abc import Callable, Iterable, Sequence

import orjson
import psycopg
import structlog

from service.errors import Invalid, ServiceError
from service.search.filter import Words
from service.search.index.document import search_document
from service.search.text.query_compiler import compile_query
from service.store.search.tsquery import TsQuery
from service.store.search.tsvector import TsVector

#: Errors that a filter can cause. A broken connection is none of them: the whole batch is then repeated.
FILTER_ERRORS = (ServiceError, psycopg.DataError, psycopg.ProgrammingError, ValueError, LookupError, TypeError)

log = structlog.get_logger()


class FilterWords:
    """The queries of the words of all filters, each compiled once for the languages in use."""

    def __init__(self) -> None:
        """Begin without words."""
        #: None for words that cannot be compiled.
        self._queries: dict[Words, TsQuery | None] = {}
        self._languages: Sequence[str] = ()

    def refresh(self, words: Iterable[Words], *, languages: Sequence[str], seconds: float) -> bool:
        """Compile the words that are new, or all if the `languages` differ, and forget those that are not among them.

        Return False if that was interrupted after `seconds`; call it again to continue.
        """
        if languages != self._languages:
            self._languages, self._queries = languages, {}
        distinct, deadline = dict.fromkeys(words), time.monotonic() + seconds
        self._queries = {one: query for one, query in self._queries.items() if one in distinct}
        for one in distinct:
            if one not in self._queries:
                if time.monotonic() > deadline:
                    return False
                self._queries[one] = _compile(one, languages)
        return True

    def query(self, words: Words) -> TsQuery:
        """Return the query of the words. Raise Invalid if they could not be compiled."""
        query = self._queries[words]
        if query is None:
            raise Invalid("The words of the filter could not be evaluated.")
        return query

    def matcher(self) -> Callable[[bytes, Words], bool]:
        """Return a function that looks words up in the documents of one change; it analyses each document once."""
        vectors: dict[bytes, TsVector] = {}

        def has_words(document: bytes, words: Words) -> bool:
            query = self.query(words)
            if document not in vectors:
                vectors[document] = _analyse(document)
            return vectors[document].matches(query)

        return has_words


def _compile(words: Words, languages: Sequence[str]) -> TsQuery | None:
    try:
        return compile_query(words, languages).all_words
    except FILTER_ERRORS:
        return None


def _analyse(document: bytes) -> TsVector:
    """Return the words of a document. One that cannot be analysed has none, which is no fault of a filter."""
    try:
        return search_document(orjson.loads(document)).tsv
    except FILTER_ERRORS as error:
        log.warning("document_not_analysed", cause=type(error).__name__)
        return TsVector(None)
