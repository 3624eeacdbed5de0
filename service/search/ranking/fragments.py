"""The parts of texts that show where words were found: plain text, and ranges in it."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

#: Characters of a fragment, give or take a word; and fragments of one event.
LENGTH, MOST = 160, 3

#: Characters that a fragment is moved at most, so that it does not cut a word.
_MARGIN = 20

#: Hits looked at in one text. What is found more often is shown well enough by the first ones.
_MOST_HITS = 2_000


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a word was found: from `start` until before `end`, in characters. `term`: which of the words asked for."""

    start: int
    end: int
    term: str


@dataclass(frozen=True)
class Fragment:
    """A part of the text of one field, and where in it the words are: pairs of first and last + 1, in characters."""

    field: str
    text: str
    ranges: list[list[int]]


@dataclass(frozen=True, slots=True)
class _Window:
    """Hits of one text, from the one at `first` to before `last`, that fit into one fragment."""

    place: int
    first: int
    last: int
    terms: frozenset[str]


def fragments(texts: Sequence[tuple[str, str]], hits: Sequence[Sequence[Hit]], most: int = MOST) -> list[Fragment]:
    """The `most` fragments that show the most of the words, in the order of the texts: pairs of field and text.

    `hits` are those of each text, in order and apart. An earlier text goes before a later one that shows as much.
    """
    left = [window for place, found in enumerate(hits) for window in _windows(place, found[:_MOST_HITS])]
    shown: dict[tuple[int, int], Fragment] = {}
    terms = frozenset[str]()
    while left and len(shown) < most:
        best = max(left, key=partial(_worth, terms))
        found = hits[best.place]
        begin, end = _frame(texts[best.place][1], found[best.first].start, found[best.last - 1].end)
        cut = _cut(*texts[best.place], begin, end, found)
        if all(cut.text != other.text for other in shown.values()):
            shown[best.place, begin] = cut
            terms |= best.terms
        left = [one for one in left if one.place != best.place or not _meets(found, one, begin, end)]
    return [fragment for _, fragment in sorted(shown.items())]


def _windows(place: int, hits: Sequence[Hit]) -> Iterator[_Window]:
    """Groups of hits that follow one another within a fragment's length, each hit in one of them."""
    first = 0
    while first < len(hits):
        last = bisect_left(hits, hits[first].start + LENGTH, lo=first + 1, key=lambda hit: hit.end)
        yield _Window(place, first, last, frozenset(hit.term for hit in hits[first:last]))
        first = last


def _worth(shown: frozenset[str], window: _Window) -> tuple[int, int, int, int]:
    """The more words that are not shown yet, then the more at all, then the earlier."""
    return len(window.terms - shown), len(window.terms), -window.place, -window.first


def _meets(hits: Sequence[Hit], window: _Window, begin: int, end: int) -> bool:
    """Whether part of a window stands between `begin` and `end`."""
    return hits[window.first].start < end and hits[window.last - 1].end > begin


def _cut(field: str, text: str, begin: int, end: int, hits: Sequence[Hit]) -> Fragment:
    within = (hit for hit in hits if hit.start >= begin and hit.end <= end)
    return Fragment(field, text[begin:end], [[hit.start - begin, hit.end - begin] for hit in within])


def _frame(text: str, first: int, last: int) -> tuple[int, int]:
    """Where a fragment begins and ends: as much before the hits as behind, without cutting words where that can be."""
    spare = max(0, LENGTH - (last - first))
    begin = max(0, min(first - spare // 2, len(text) - LENGTH))
    end = min(len(text), max(last, begin + LENGTH))
    if begin and (space := text.find(" ", begin - 1, min(first, begin + _MARGIN))) >= 0:
        begin = space + 1
    if end < len(text) and (space := text.rfind(" ", max(last, end - _MARGIN), end + 1)) >= 0:
        end = space
    return begin, end
