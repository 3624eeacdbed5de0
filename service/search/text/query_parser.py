"""The parser of web-search expressions: required and excluded groups of words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from service.search.text.analyzer import bigrams, code_of, fold, is_unspaced, plain_words, script_runs

#: The most words of an expression. More of them say little more.
MOST_WORDS: Final = 100

#: The shortest prefix in characters. A shorter one begins too many words.
SHORTEST_PREFIX: Final = 3

#: The most prefixes of an expression, since each matches many words. Further ones are whole words.
MOST_PREFIXES: Final = 4


class QueryWord(NamedTuple):
    """A word at its offset in a group. With `begins` every word with this beginning matches."""

    text: str
    offset: int
    begins: bool = False


@dataclass(frozen=True)
class WordGroup:
    """Words that follow each other. `code` is the one word that they also are, if any."""

    words: tuple[QueryWord, ...]
    code: str | None = None
    quoted: bool = False


#: One of the alternatives of a condition. It requires all of its groups.
Alternative = tuple[WordGroup, ...]


@dataclass(frozen=True)
class Expression:
    """A search: one alternative of each of `required` must match, and none of `excluded`.

    `ignored` is the number of words beyond the limit.
    """

    required: tuple[tuple[Alternative, ...], ...]
    excluded: tuple[WordGroup, ...]
    ignored: int

    @property
    def required_groups(self) -> Iterator[WordGroup]:
        """The groups of all alternatives."""
        return (group for alternatives in self.required for groups in alternatives for group in groups)


_QUOTES: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))
_PART: Final = re.compile(r'(?P<without>-+)?(?:"(?P<quoted>[^"]*)(?:"|$)(?P<begins>\*)?|(?P<bare>[^\s"]+))')
_SEPARATOR: Final = re.compile(r"[,;|!?\u2026\u3001\u3002\uff0c\uff1b]+")
_AROUND: Final = "\"'()[]{}<>.:*\u2018\u2019"


def parse_query(text: str) -> Expression:
    """Return the expression. Every text is valid: unknown syntax is read as words, and punctuation is ignored."""
    required: list[tuple[Alternative, ...]] = []
    excluded: list[WordGroup] = []
    allowance = _Allowance()
    ignored, either = 0, False
    for part in _PART.finditer(text.translate(_QUOTES)):
        if part["bare"] in ("OR", "AND") and not part["without"]:
            either = part["bare"] == "OR" and bool(required)
            continue
        if not allowance.words:
            ignored += 1
            continue
        groups = tuple(allowance.cut(_groups(part)))
        if not groups:
            continue
        if part["without"]:
            excluded += groups
        elif either:
            required[-1] = (*required[-1], groups)
        else:
            required.append((groups,))
        either = False
    return Expression(tuple(required), tuple(excluded), ignored)


@lru_cache(maxsize=256)  # a stream counts those of its filter for each page
def count_words(text: str) -> int:
    """Return the number of words in an expression, excluded and ignored ones too."""
    expression = parse_query(text)
    groups = [*expression.required_groups, *expression.excluded]
    return expression.ignored + sum(len(group.words) for group in groups)


def _groups(part: re.Match[str]) -> Iterator[WordGroup]:
    if part["quoted"] is not None:
        begins = bool(part["begins"]) or part["quoted"].rstrip().endswith("*")
        yield from _quoted(fold(part["quoted"]), begins=begins)
        return
    for piece in _SEPARATOR.split(part["bare"]):
        bare = piece.strip(_AROUND)
        folded = fold(bare)
        begins = piece.rstrip(_AROUND.replace("*", "")).endswith("*")
        code = code_of(folded)
        texts = script_runs(folded)
        for number, text in enumerate(texts):
            words = _unspaced(text, 0) if is_unspaced(text) else _spaced(text)
            if begins and number == len(texts) - 1:
                words = _with_prefix(words)
            if words:
                yield WordGroup(tuple(words), code if len(texts) == 1 and not begins else None)


def _quoted(folded: str, *, begins: bool) -> Iterator[WordGroup]:
    words: list[QueryWord] = []
    end = 0
    for text in script_runs(folded):
        words += _unspaced(text, end) if is_unspaced(text) else _spaced(text, end)
        end += len(plain_words(text))
    if begins:
        words = _with_prefix(words)
    if words:
        yield WordGroup(tuple(words), quoted=True)


def _spaced(text: str, start: int = 0) -> list[QueryWord]:
    return [QueryWord(word, offset) for offset, word in enumerate(plain_words(text), start)]


def _unspaced(run: str, start: int) -> list[QueryWord]:
    """Return the bigrams of a run without spaces. A single character is the prefix of bigrams."""
    if len(run) == 1:
        return [QueryWord(run, start, begins=True)]
    return [QueryWord(pair, offset) for offset, pair in enumerate(bigrams(run), start)]


def _with_prefix(words: list[QueryWord]) -> list[QueryWord]:
    """Return the words with the last one as a prefix, if it is long enough."""
    if not words:
        return words
    *before, last = words
    short = len(last.text) < SHORTEST_PREFIX and not is_unspaced(last.text)
    return [*before, last if short else last._replace(begins=True)]


class _Allowance:
    """The words and prefixes that an expression may still have."""

    def __init__(self) -> None:
        self.words, self.prefixes = MOST_WORDS, MOST_PREFIXES

    def cut(self, groups: Iterator[WordGroup]) -> Iterator[WordGroup]:
        """Return as much of the groups as is allowed."""
        for group in groups:
            words = tuple(map(self._limited, group.words[: self.words]))
            self.words -= len(words)
            if words:
                yield WordGroup(words, group.code if len(words) == len(group.words) else None, group.quoted)

    def _limited(self, word: QueryWord) -> QueryWord:
        if not word.begins:
            return word
        self.prefixes -= 1
        return word if self.prefixes >= 0 else word._replace(begins=False)
