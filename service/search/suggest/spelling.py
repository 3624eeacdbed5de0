"""What was most likely meant by words that find little: spelt as the events spell them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import Connection

from service import store
from service.search.filter import All, Filter, Words
from service.search.filters.expand import compile_filter
from service.search.filters.pushdown import parts_of
from service.search.text.normalize import LETTERS, correctable
from service.store.search.spelling import Known

#: Events found up to which it is worth looking for what was meant.
LITTLE = 3

#: Words of one search that are corrected at most.
_MOST_WORDS = 10

#: A word that stands in some events is one after all, unless another one stands in so many times as many.
_OFTENER = 20

#: Events in which a word stands that is one for sure, without a look at those like it.
_SURELY = 1_000


@dataclass(frozen=True, slots=True)
class _Written:
    """A word that may be wrong, and where it stands."""

    start: int
    end: int
    folded: str


def corrected(conn: Connection, text: str) -> str | None:
    """The web-search expression `text` with words as the events spell them; None where none is to be corrected."""
    written = list(_written(text))[:_MOST_WORDS]
    if not written:
        return None
    words = sorted({one.folded for one in written})
    known = store.search.spelling.count_known(conn, words)
    alike = store.search.spelling.find_like(conn, [word for word in words if known.get(word, 0) <= _SURELY])
    meant = {word: nearest(word, known.get(word, 0), alike.get(word, ())) for word in words}
    parts, end = [], 0
    for one in written:
        if (right := meant[one.folded]) is not None:
            parts += [text[end : one.start], right]
            end = one.end
    return "".join([*parts, text[end:]]) if parts else None


def better(conn: Connection, asked: Filter) -> str | None:
    """The words of a filter corrected, where it finds little and that finds more."""
    parts = asked.parts if isinstance(asked, All) else (asked,)
    words = [part for part in parts if isinstance(part, Words)]
    meant = corrected(conn, words[0].text) if len(words) == 1 else None
    if meant is None:
        return None
    other = All((*(part for part in parts if part not in words), Words(meant)))
    found = _count(conn, asked)
    return meant if found <= LITTLE and _count(conn, other) > found else None


def _count(conn: Connection, asked: Filter) -> int:
    """How many events have all words: one more than are little, at most."""
    parts = parts_of(compile_filter(conn, asked), few=True)
    return store.search.facets.count_up_to(
        conn, store.search.facets.Among(parts.indexed, parts.seen, parts.far), LITTLE + 1
    )


def _written(text: str) -> Iterator[_Written]:
    """The words that must be there. The beginning of a word (`batter*`) is none that could be wrong."""
    for found in LETTERS.finditer(text):
        before, behind = text[: found.start()], text[found.end() : found.end() + 1]
        excluded = before.endswith("-") and (len(before) == 1 or before[-2].isspace())
        if found[0] in ("OR", "AND") or excluded or behind == "*":
            continue
        if (word := correctable(found[0])) is not None:
            yield _Written(found.start(), found.end(), word[1])


def nearest(folded: str, events: int, candidates: Sequence[Known]) -> str | None:
    """The candidate that is nearest to a word which stands in so many `events`: None where none is near enough."""
    allowed = 1 if len(folded) < 6 else 2  # noqa: PLR2004 (letters: in shorter ones two slips leave too little)
    near = [
        (distance, -one.events, one.word)
        for one in candidates
        if one.events > events * _OFTENER and 0 < (distance := slips(folded, one.folded)) <= allowed
    ]
    return min(near)[2] if near else None


def slips(typed: str, meant: str) -> int:
    """How many letters must be put in, taken out, replaced or swapped with the next to make one of the other."""
    above, row = list[int](), list(range(len(meant) + 1))
    for place, letter in enumerate(typed, 1):
        above_that, above, row = above, row, [place]
        for other, wanted in enumerate(meant, 1):
            least = min(above[other] + 1, row[other - 1] + 1, above[other - 1] + (letter != wanted))
            swapped = place > 1 < other and letter == meant[other - 2] and typed[place - 2] == wanted
            row.append(min(least, above_that[other - 2] + 1) if swapped else least)
    return row[-1]
