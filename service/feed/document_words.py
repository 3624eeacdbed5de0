"""Words in documents that no index has any more, or not yet."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import orjson

from service.errors import Invalid
from service.search.filter import EVERYTHING, All, AnyOf, Filter, Is, Not, Words, every_words
from service.search.index.document import words_that_match
from service.store.connect import Connect


class DocumentWords:
    """The answers whether words stand in documents. One statement answers for all words of a document."""

    def __init__(
        self, connect: Connect, words: Iterable[Words], *, tolerated: tuple[type[Exception], ...] = ()
    ) -> None:
        """`words` are all that can be in question.

        After a `tolerated` error each of them is evaluated by itself, and only those that fail are without an answer.
        """
        self._connect, self._words, self._tolerated = connect, tuple(dict.fromkeys(words)), tolerated
        self._answers: dict[bytes, dict[str, bool]] = {}

    def __call__(self, document: bytes, words: Words) -> bool:
        """Return whether the words stand in the document. Invalid if they could not be evaluated."""
        if document not in self._answers:
            self._answers[document] = self._evaluate(orjson.loads(document))
        answer = self._answers[document].get(words.text)
        if answer is None:
            raise Invalid("The words of the filter could not be evaluated.")
        return answer

    def _evaluate(self, record: dict[str, Any]) -> dict[str, bool]:
        try:
            return self._match(record, self._words)
        except self._tolerated:
            answers: dict[str, bool] = {}
            for words in self._words:
                with suppress(*self._tolerated):
                    answers |= self._match(record, (words,))
            return answers

    def _match(self, record: dict[str, Any], several: tuple[Words, ...]) -> dict[str, bool]:
        matching = words_that_match(self._connect, record, several)
        return {words.text: words in matching for words in several}


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
