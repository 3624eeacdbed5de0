"""Spelling: the words of a user folded for comparison, and corrected to the spelling of the events."""

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

#: The most matches of a search for which a correction is tried.
FEW_MATCHES = 3

#: The most words of a search that are corrected.
_MOST_WORDS = 10

#: A word that is in some events is only corrected to one that is in so many times as many.
_TIMES_MORE = 20

#: The largest document frequency of a word that is corrected.
_LARGEST_FREQUENCY = 1_000


@dataclass(frozen=True, slots=True)
class _TypedWord:
    """A word that can be misspelled, folded, and its place in the text."""

    start: int
    end: int
    folded: str


def correct_spelling(conn: Connection, text: str) -> str | None:
    """Return a web-search expression with its words as the events spell them; None if there is nothing to correct."""
    typed = list(_typed_words(text))[:_MOST_WORDS]
    if not typed:
        return None
    words = sorted({one.folded for one in typed})
    frequencies = store.search.words.count_events_with(conn, words)
    rare = [word for word in words if frequencies.get(word, 0) <= _LARGEST_FREQUENCY]
    similar = store.search.words.find_similar_words(conn, rare)
    corrections = {word: nearest_word(word, frequencies.get(word, 0), similar.get(word, ())) for word in words}
    parts, end = [], 0
    for one in typed:
        if (correction := corrections[one.folded]) is not None:
            parts += [text[end : one.start], correction]
            end = one.end
    return "".join([*parts, text[end:]]) if parts else None


def better_spelling(conn: Connection, filter: Filter) -> str | None:
    """Return the words of a filter corrected; None unless it has few matches and with the correction more."""
    parts = filter.parts if isinstance(filter, All) else (filter,)
    words = [part for part in parts if isinstance(part, Words)]
    correction = correct_spelling(conn, words[0].text) if len(words) == 1 else None
    if correction is None:
        return None
    other = All((*(part for part in parts if part not in words), Words(correction)))
    matches = _count(conn, filter)
    return correction if matches <= FEW_MATCHES and _count(conn, other) > matches else None


def _count(conn: Connection, filter: Filter) -> int:
    """Return the number of matches, at most one more than are few."""
    return store.events.ordering.count_up_to(conn, pushdown(compile_filter(conn, filter), few=True), FEW_MATCHES + 1)


def _typed_words(text: str) -> Iterator[_TypedWord]:
    """Return the required words. A prefix (`batter*`) cannot be misspelled."""
    for letters in _LETTERS.finditer(text):
        before, behind = text[: letters.start()], text[letters.end() : letters.end() + 1]
        excluded = before.endswith("-") and (len(before) == 1 or before[-2].isspace())
        if letters[0] in ("OR", "AND") or excluded or behind == "*":
            continue
        if (word := _spelled_word(letters[0])) is not None:
            yield _TypedWord(letters.start(), letters.end(), word[1])


def nearest_word(folded: str, events: int, candidates: Sequence[VocabularyWord]) -> str | None:
    """Return the candidate nearest to a word that is in so many `events`; None if none is near enough."""
    allowed = 1 if len(folded) < 6 else 2  # noqa: PLR2004 (letters: with two edits a shorter word is like any other)
    near = [
        (distance, -one.events, one.word)
        for one in candidates
        if one.events > events * _TIMES_MORE and 0 < (distance := edit_distance(folded, one.folded)) <= allowed
    ]
    return min(near)[2] if near else None


def edit_distance(one: str, other: str) -> int:
    """Return the number of insertions, deletions, replacements and swaps of neighbours between two words."""
    above, row = list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above_that, above, row = above, row, [i]
        for j, letter_of_other in enumerate(other, 1):
            least = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != letter_of_other))
            is_swap = i > 1 < j and letter == other[j - 2] and one[i - 2] == letter_of_other
            row.append(min(least, above_that[j - 2] + 1) if is_swap else least)
    return row[-1]


# Folding

#: The most characters of a name, its most words, and the most prefixes inside words of scripts without spaces.
_MOST_CHARACTERS, _MOST_NAME_WORDS, _MOST_INSIDE = 300, 40, 30

#: The shortest and the longest word that is corrected, in letters. A shorter one is like too many others.
_SHORTEST, _LONGEST = 4, 40

#: The words whose folded forms are cached, since most words of a text are in other texts, too.
_CACHED = 65_536

_WORD = re.compile(r"\w+")
#: Letters with their combining marks; no digits.
_LETTERS = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*")

#: Scripts without spaces, in which the text of a user can begin inside a run of letters.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)


def fold_name(text: str) -> str:
    """Return the words of a text in one case and without accents, separated by spaces."""
    return " ".join(_words(text))


def name_words(text: str) -> list[str]:
    """Return the words by whose prefixes a name is found."""
    words = _words(text)
    inside = [run[begin:] for word in words for run in _UNSPACED.findall(word) for begin in range(len(run))]
    return list(dict.fromkeys([*words, *inside[:_MOST_INSIDE]]))


def prefix_query(text: str) -> TsQuery:
    """Return the query for names with words that have the words of the text as prefixes."""
    return TsQuery.all(Lexeme(word, begins=True) for word in _words(text))


def spelled_words(text: str) -> Iterator[tuple[str, str]]:
    """Return each word of a text that others can be corrected to, in small letters and folded."""
    for letters in _LETTERS.finditer(text):
        if (word := _spelled_word(letters[0])) is not None:
            yield word


@lru_cache(_CACHED)
def _spelled_word(letters: str) -> tuple[str, str] | None:
    """Return a word in small letters and folded; None if it is too short, too long or of a script without spaces."""
    word = unicodedata.normalize("NFKC", letters).lower()
    if not _SHORTEST <= len(word) <= _LONGEST or _UNSPACED.search(word):
        return None
    return word, fold_name(word).replace(" ", "")


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text[:_MOST_CHARACTERS]).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _WORD.findall(unicodedata.normalize("NFC", plain))[:_MOST_NAME_WORDS]
