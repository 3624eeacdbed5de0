"""Words in documents that no index holds any more, or not yet."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

import orjson
from psycopg import Connection

from service.search.filter import EVERYTHING, All, AnyOf, Filter, Is, Not, Words
from service.search.index.document import words_that_match

#: A connection on which every statement stands alone, while the block runs.
Reading = Callable[[], AbstractContextManager[Connection]]


class DocumentWording:
    """Says whether words stand in a document: all of them by one statement, when one is first asked for."""

    def __init__(self, reading: Reading, asked: Iterable[Words]) -> None:
        """`asked` are all words that may be asked for."""
        self._reading, self._asked = reading, tuple(dict.fromkeys(asked))
        self._found: dict[bytes, set[str]] = {}

    def __call__(self, document: bytes, words: Words) -> bool:
        """Whether `words` stand in `document`."""
        if document not in self._found:
            with self._reading() as conn:
                found = words_that_match(conn, orjson.loads(document), self._asked)
            self._found[document] = {one.text for one in found}
        return words.text in self._found[document]


def words_in(asked: Filter) -> Iterator[Words]:
    """The words that a filter asks for, as they were written.

    What they mean depends on the languages in use, and is found out with each document: it may be the first in its own.
    """
    match asked:
        case Words(text):
            yield Words(text)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from words_in(part)
        case Not(part):
            yield from words_in(part)
        case Is():
            return


def without_words(asked: Filter) -> Filter:
    """A filter without words that passes whatever `asked` passes, and more."""
    match asked:
        case Words():
            return EVERYTHING
        case All(parts):
            return All(tuple(map(without_words, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(without_words, parts)))
        case Not(part):
            return EVERYTHING if any(words_in(part)) else asked
        case Is():
            return asked
