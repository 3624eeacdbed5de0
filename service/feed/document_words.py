"""Words in documents that no index has any more, or not yet."""

from collections.abc import Iterable

import orjson

from service.search.filter import EVERYTHING, All, AnyOf, Filter, Is, Not, Words, every_words
from service.search.index.document import words_that_match


class DocumentWords:
    """The answers whether words stand in documents. Each document is analysed once."""

    def __init__(self, words: Iterable[Words]) -> None:
        """`words` are all that can be in question."""
        self._words = tuple(dict.fromkeys(words))
        self._answers: dict[bytes, frozenset[str]] = {}

    def __call__(self, document: bytes, words: Words) -> bool:
        """Return whether the words stand in the document."""
        if document not in self._answers:
            matching = words_that_match(orjson.loads(document), self._words)
            self._answers[document] = frozenset(one.text for one in matching)
        return words.text in self._answers[document]


def without_words(filter_: Filter) -> Filter:
    """Return a filter without words that matches at least all that `filter_` matches."""
    match filter_:
        case Words():
            return EVERYTHING
        case All(parts):
            return All(tuple(map(without_words, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(without_words, parts)))
        case Not(part):
            return EVERYTHING if any(every_words(part)) else filter_
        case Is():
            return filter_
