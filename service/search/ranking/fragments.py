"""The fragments of texts that show the most words of a search."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

#: The length of a fragment in characters, give or take a word, and the most fragments of an event.
LENGTH, MOST = 160, 3

#: The most characters by which a fragment is moved to the border of a word, and the most hits in a text.
_MARGIN, _MOST_HITS = 20, 2_000


class Hit(NamedTuple):
    """A match of the `term` of a search, from the character at `start` to the one before `end`."""

    start: int
    end: int
    term: str


@dataclass(frozen=True)
class Fragment:
    """A part of the text of a field, and the ranges of hits in it: pairs of first character and last + 1."""

    field: str
    text: str
    ranges: list[list[int]]


class _Window(NamedTuple):
    """The hits of a text, from `first` to before `last`, that fit in one fragment."""

    text: int
    first: int
    last: int
    terms: frozenset[str]


def best_fragments(texts: Sequence[tuple[str, str]], hits: Sequence[Sequence[Hit]], most: int = MOST) -> list[Fragment]:
    """Return the `most` fragments with the most terms, in the order of the texts, which are pairs of field and text.

    `hits` has those of each text, in order and without overlap. Of equal fragments that of the first text is taken.
    """
    windows = [window for index, of_text in enumerate(hits) for window in _windows(index, of_text[:_MOST_HITS])]
    fragments: dict[tuple[int, int], Fragment] = {}
    terms = frozenset[str]()
    while windows and len(fragments) < most:
        best = max(windows, key=partial(_rank, terms))
        of_text = hits[best.text]
        begin, end = _frame(texts[best.text][1], of_text[best.first].start, of_text[best.last - 1].end)
        fragment = _cut(*texts[best.text], begin, end, of_text)
        if all(fragment.text != other.text for other in fragments.values()):
            fragments[best.text, begin] = fragment
            terms |= best.terms
        windows = [
            one
            for one in windows
            if one.text != best.text or of_text[one.first].start >= end or of_text[one.last - 1].end <= begin
        ]
    return [fragment for _, fragment in sorted(fragments.items())]


def _windows(text: int, hits: Sequence[Hit]) -> Iterator[_Window]:
    """Return groups of hits that fit in a fragment, each hit in one of them."""
    first = 0
    while first < len(hits):
        last = bisect_left(hits, hits[first].start + LENGTH, lo=first + 1, key=lambda hit: hit.end)
        yield _Window(text, first, last, frozenset(hit.term for hit in hits[first:last]))
        first = last


def _rank(covered: frozenset[str], window: _Window) -> tuple[int, int, int, int]:
    """Return the sort key of a window: by terms that are not covered yet, then by all terms, then the earliest."""
    return len(window.terms - covered), len(window.terms), -window.text, -window.first


def _cut(field: str, text: str, begin: int, end: int, hits: Sequence[Hit]) -> Fragment:
    inside = (hit for hit in hits if hit.start >= begin and hit.end <= end)
    return Fragment(field, text[begin:end], [[hit.start - begin, hit.end - begin] for hit in inside])


def _frame(text: str, first: int, last: int) -> tuple[int, int]:
    """Return begin and end of a fragment, with the hits in its middle, and at borders of words where possible."""
    spare = max(0, LENGTH - (last - first))
    begin = max(0, min(first - spare // 2, len(text) - LENGTH))
    end = min(len(text), max(last, begin + LENGTH))
    if begin and (space := text.find(" ", begin - 1, min(first, begin + _MARGIN))) >= 0:
        begin = space + 1
    if end < len(text) and (space := text.rfind(" ", max(last, end - _MARGIN), end + 1)) >= 0:
        end = space
    return begin, end
