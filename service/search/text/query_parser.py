"""A web-search expression, taken apart: what must be there, what must not, and in which words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service.search.text.analyzer import bigrams, code_of, fold, is_unspaced, parts_of, plain_words

#: Words that are read; a longer text says little more in those that follow.
MOST_WORDS: Final = 100

#: Characters that the beginning of a word must have, or it begins too many.
SHORTEST_PREFIX: Final = 3

#: Beginnings that are read as such, since each stands for all words that begin so; others mean themselves.
MOST_BEGINNINGS: Final = 4


@dataclass(frozen=True)
class Place:
    """A word at its place in a group; `begins` where every word will do that begins so."""

    word: str
    offset: int
    begins: bool = False


@dataclass(frozen=True)
class Group:
    """Words that stand one behind the other. `code` is the one word that they are as well, if they are."""

    places: tuple[Place, ...]
    code: str | None = None
    quoted: bool = False


#: One of several ways to meet a condition: all of its groups are there.
Way = tuple[Group, ...]


@dataclass(frozen=True)
class Expression:
    """Each of `required` is met in one of its ways, and none of `excluded` is there. `ignored` were not read."""

    required: tuple[tuple[Way, ...], ...]
    excluded: tuple[Group, ...]
    ignored: int


_QUOTES: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))
_PART: Final = re.compile(r'(?P<without>-+)?(?:"(?P<quoted>[^"]*)(?:"|$)(?P<begins>\*)?|(?P<bare>[^\s"]+))')
_APART: Final = re.compile(r"[,;|!?\u2026\u3001\u3002\uff0c\uff1b]+")
_AROUND: Final = "\"'()[]{}<>.:*\u2018\u2019"


def parse(text: str) -> Expression:
    """The expression that `text` is. Every text is one; what is not understood is taken for a word, signs for none."""
    required: list[tuple[Way, ...]] = []
    excluded: list[Group] = []
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


def _groups(part: re.Match[str]) -> Iterator[Group]:
    if part["quoted"] is not None:
        begins = bool(part["begins"]) or part["quoted"].rstrip().endswith("*")
        yield from _quoted(fold(part["quoted"]), begins=begins)
        return
    for piece in _APART.split(part["bare"]):
        bare = piece.strip(_AROUND)
        folded = fold(bare)
        begins = piece.rstrip(_AROUND.replace("*", "")).endswith("*")
        code = code_of(folded)
        texts = parts_of(folded)
        for number, text in enumerate(texts):
            places = _unspaced(text, 0) if is_unspaced(text) else _spaced(text)
            if begins and number == len(texts) - 1:
                places = _beginning(places)
            if places:
                yield Group(tuple(places), code if len(texts) == 1 and not begins else None)


def _quoted(folded: str, *, begins: bool) -> Iterator[Group]:
    places: list[Place] = []
    end = 0
    for text in parts_of(folded):
        words = plain_words(text)
        found = _unspaced(text, end) if is_unspaced(text) else [Place(word, end + n) for n, word in enumerate(words)]
        places += found
        end += len(words)
    if begins:
        places = _beginning(places)
    if places:
        yield Group(tuple(places), quoted=True)


def _spaced(text: str) -> list[Place]:
    return [Place(word, offset) for offset, word in enumerate(plain_words(text))]


def _unspaced(run: str, start: int) -> list[Place]:
    """A run of writing without spaces. One character begins a bigram, wherever it stands."""
    if len(run) == 1:
        return [Place(run, start, begins=True)]
    return [Place(pair, start + offset) for offset, pair in enumerate(bigrams(run))]


def _beginning(places: list[Place]) -> list[Place]:
    """The same with a last word that goes on, if it is long enough for that."""
    if not places:
        return places
    *before, last = places
    short = len(last.word) < SHORTEST_PREFIX and not is_unspaced(last.word)
    return [*before, last if short else Place(last.word, last.offset, begins=True)]


class _Allowance:
    """How much of an expression is still read."""

    def __init__(self) -> None:
        self.words, self.beginnings = MOST_WORDS, MOST_BEGINNINGS

    def cut(self, groups: Iterator[Group]) -> Iterator[Group]:
        """So much of the groups."""
        for group in groups:
            places = tuple(map(self._place, group.places[: self.words]))
            self.words -= len(places)
            if places:
                yield Group(places, group.code if len(places) == len(group.places) else None, group.quoted)

    def _place(self, place: Place) -> Place:
        if not place.begins:
            return place
        self.beginnings -= 1
        return place if self.beginnings >= 0 else Place(place.word, place.offset)
