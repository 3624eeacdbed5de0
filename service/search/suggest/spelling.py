"""What was most likely meant by words that find little: spelt as the events spell them."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from psycopg import Connection

from service import store
from service.search.filter import All, Filter, Words
from service.search.filters.expand import compile_filter
from service.search.filters.sql import pushdown
from service.store.search.tsquery import Lexeme, TsQuery
from service.store.search.words import VocabularyWord

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
    known = store.search.words.count_events_with(conn, words)
    alike = store.search.words.find_similar_words(conn, [word for word in words if known.get(word, 0) <= _SURELY])
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
    return store.search.facets.count_up_to(conn, pushdown(compile_filter(conn, asked), few=True), LITTLE + 1)


def _written(text: str) -> Iterator[_Written]:
    """The words that must be there. The beginning of a word (`batter*`) is none that could be wrong."""
    for found in LETTERS.finditer(text):
        before, behind = text[: found.start()], text[found.end() : found.end() + 1]
        excluded = before.endswith("-") and (len(before) == 1 or before[-2].isspace())
        if found[0] in ("OR", "AND") or excluded or behind == "*":
            continue
        if (word := correctable(found[0])) is not None:
            yield _Written(found.start(), found.end(), word[1])


def nearest(folded: str, events: int, candidates: Sequence[VocabularyWord]) -> str | None:
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


# Words as they are typed

#: Characters of a name that are looked at, words of it, and beginnings within writing without spaces.
_LOOKED_AT, _MOST_NAME_WORDS, _MOST_WITHIN = 300, 40, 30

#: Letters of a word that is worth correcting: of a shorter one everything is like everything else.
_SHORTEST, _LONGEST = 4, 40

#: Words that are remembered with their folded form: most of a text are in most others, too.
_REMEMBERED = 65_536

_WORD = re.compile(r"\w+")
#: Letters and what stands above or below them, whatever their form; no digits.
LETTERS = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*")

#: Writing without spaces: whatever a reader types may stand within.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)


def folded(text: str) -> str:
    """`text` with its words in one case, without accents, and one space between each two."""
    return " ".join(_words(text))


def name_words(text: str) -> list[str]:
    """The words by whose beginnings a name is found."""
    words = _words(text)
    within = [run[begin:] for word in words for run in _UNSPACED.findall(word) for begin in range(len(run))]
    return list(dict.fromkeys([*words, *within[:_MOST_WITHIN]]))


def beginnings(text: str) -> TsQuery:
    """Return the query for names with words that begin as each word of `text` does."""
    return TsQuery.all(Lexeme(word, begins=True) for word in _words(text))


def spelt(text: str) -> Iterator[tuple[str, str]]:
    """Each word of `text` that is worth correcting, in small letters, with its folded form."""
    for found in LETTERS.finditer(text):
        if (word := correctable(found[0])) is not None:
            yield word


@lru_cache(_REMEMBERED)
def correctable(letters: str) -> tuple[str, str] | None:
    """A word in small letters and folded, or None where it is too short, too long or of writing without spaces."""
    word = unicodedata.normalize("NFKC", letters).lower()
    if not _SHORTEST <= len(word) <= _LONGEST or _UNSPACED.search(word):
        return None
    return word, folded(word).replace(" ", "")


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text[:_LOOKED_AT]).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _WORD.findall(unicodedata.normalize("NFC", plain))[:_MOST_NAME_WORDS]
