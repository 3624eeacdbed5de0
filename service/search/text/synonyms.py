"""Synonyms of the terms of a search: which terms an expression has, and what they were expanded with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.search.text.analyzer import fold, plain_words
from service.search.text.query_parser import Expression, WordGroup

#: The most words of a term that has synonyms.
MOST_TERM_WORDS: Final = 8

#: The shortest word in letters that loses a plural `s`, which most European languages write.
_SHORTEST_PLURAL: Final = 4

#: The other terms that are found for a term, in their spelling, by its key.
Synonyms = Mapping[str, Sequence[str]]

#: Those of a search that is not expanded.
NO_SYNONYMS: Final[Synonyms] = {}


@dataclass(frozen=True)
class ExpandedTerm:
    """The words of a search that were expanded, and the terms that are found as well."""

    words: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class TermSpan:
    """A term of a search, neighbouring groups of words without quotes, and its key."""

    key: str
    groups: tuple[WordGroup, ...]

    @property
    def text(self) -> str:
        """The words, folded."""
        return " ".join(word.text for group in self.groups for word in group.words)


def synonym_key(words: Iterable[str]) -> str:
    """Return the key of a term by its folded words. Singular and plural have the same one where an `s` is added."""
    return " ".join(map(_singular, words))


def term_key(text: str) -> str:
    """Return the key of a term in its spelling."""
    return synonym_key(plain_words(fold(text)))


def _singular(word: str) -> str:
    return word[:-1] if len(word) >= _SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss") else word


def term_spans(expression: Expression) -> Iterator[TermSpan]:
    """Yield the terms that an expression requires, the longest of those with one beginning first.

    Words in quotes, prefixes and excluded words are none: their user means them as they are written.
    """
    for run in _runs(expression):
        for start in range(len(run)):
            for end in range(min(len(run), start + MOST_TERM_WORDS), start, -1):
                groups = run[start:end]
                words = [word.text for group in groups for word in group.words]
                if len(words) <= MOST_TERM_WORDS:
                    yield TermSpan(synonym_key(words), groups)


def expanded_spans(expression: Expression, synonyms: Synonyms) -> list[TermSpan]:
    """Return the terms of an expression that have synonyms, the longest at each place. None overlaps another."""
    spans: list[TermSpan] = []
    numbers: set[int] = set()
    for span in term_spans(expression):
        groups = set(map(id, span.groups))
        if synonyms.get(span.key) and numbers.isdisjoint(groups):
            spans.append(span)
            numbers |= groups
    return spans


def _runs(expression: Expression) -> Iterator[tuple[WordGroup, ...]]:
    """Yield the neighbouring groups that can be a term: those of conditions in a row, and of each alternative."""
    row: list[WordGroup] = []
    for alternatives in expression.required:
        if len(alternatives) == 1 and all(map(_is_plain, alternatives[0])):
            row += alternatives[0]
            continue
        yield tuple(row)
        row = []
        yield from (groups for groups in alternatives if all(map(_is_plain, groups)))
    yield tuple(row)


def _is_plain(group: WordGroup) -> bool:
    return not group.quoted and not any(word.begins for word in group.words)
