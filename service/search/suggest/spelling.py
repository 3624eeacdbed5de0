"""Spelling: the words of a search corrected to the spelling of the events.

The best correction is a word of many events from which likely mistakes lead to the typed one. A word that some events
have, too, is corrected if the other one is more frequent by more than the mistake is rare. Likelihoods and costs are
powers of ten. A correction is of the languages of the other words, or of the texts that have the typed one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import Final

from psycopg import Connection

from service import store
from service.search.filter import Words
from service.search.ranking.statistics import statistics_of
from service.search.suggest.near_words import (
    TWO_EDITS,
    NearWords,
    find_one_edit_away,
    find_two_edits_away,
    in_languages,
    words_by_form,
)
from service.search.suggest.typed_words import TypedWord, typed_words
from service.search.text.query_compiler import compile_query
from service.store.search.documents import list_languages

#: Two words are one that is in so many times as many events as have both.
TIMES_MORE: Final = 5

#: The powers of ten by which a word is more likely right that one or two events have, that more of them have, or that
#: looks like a name.
_SEEN, _KNOWN, _NAME = 0.8, 1.5, 0.4

#: The power of ten by which a word is rarely meant in another language than that of the only event that has it.
_FOREIGN: Final = 1.5

#: The largest document frequency of a word that is corrected.
_LARGEST_FREQUENCY: Final = 1_000

#: A word is of the languages with this share of its events.
_SHARE: Final = 0.05

#: The most events that can have the same mistake by chance.
_CHANCE: Final = 2

#: The most corrections of a word that are tried.
_MOST_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class _Correction:
    """The text for the typed words from the place `first` to `last`, and how likely it is, as a power of ten."""

    first: int
    last: int
    text: str
    likelihood: float


def correct_spelling(conn: Connection, text: str, *, matches: int = 0, joins_only: bool = False) -> str | None:
    """Return a web-search expression with its words as the events spell them; None if there is nothing to correct.

    It has so many `matches`, by which words are only joined that are one word in many more events.
    """
    words = typed_words(text)
    if not words or (joins_only and not any(word.follows for word in words)):
        return None
    speller = _Speller(conn, words, matches)
    corrections = speller.joins()
    if not joins_only:
        places = {place for one in corrections for place in range(one.first, one.last + 1)}
        corrections += speller.corrections(place for place in range(len(words)) if place not in places)
    return _replace(text, words, corrections) if corrections else None


def _replace(text: str, words: Sequence[TypedWord], corrections: Iterable[_Correction]) -> str:
    parts, end = [], 0
    for one in sorted(corrections, key=lambda correction: correction.first):
        start = words[one.first].start
        parts += [text[end:start], _in_case_of(text[start : words[one.last].end], one.text)]
        end = words[one.last].end
    return "".join([*parts, text[end:]])


def _in_case_of(typed: str, correction: str) -> str:
    """Return a correction with the capital letters of the typed words: of all letters, of the first one, or of none."""
    if typed.isupper():
        return correction.upper()
    return correction[:1].upper() + correction[1:] if typed[:1].isupper() else correction


def _is_unlikely(correction: _Correction | None) -> bool:
    return correction is None or correction.likelihood <= 0


def _likelier(one: _Correction | None, other: _Correction | None) -> _Correction | None:
    return max(filter(None, (one, other)), key=lambda correction: correction.likelihood, default=None)


class _Speller:
    """Corrects the words of one search."""

    def __init__(self, conn: Connection, words: Sequence[TypedWord], matches: int) -> None:
        self.conn, self.words, self.matches = conn, words, matches
        self.pairs = {
            place: before.folded + word.folded for place, (before, word) in enumerate(pairwise(words)) if word.follows
        }
        forms = {*(word.folded for word in words), *self.pairs.values()}
        self.vocabulary = words_by_form(store.search.vocabulary.find_words(conn, forms))
        most = max((self._events(place) for place in range(len(words))), default=0)
        #: The number of events. The vocabulary can be ahead of the statistics.
        self.collection = max(1, statistics_of(conn).collection.events, most)

    def joins(self) -> list[_Correction]:
        """Return the pairs of words that many more events have as one word; no word is in two of them."""
        joins: list[_Correction] = []
        for place, pair in self.pairs.items():
            form = in_languages(self.vocabulary.get(pair, ()), self._languages(place, place + 1))
            before, behind = (self._events(one) for one in (place, place + 1))
            least = max(TIMES_MORE * self.matches, before * behind / self.collection)
            if form and form.events > least and not (joins and joins[-1].last == place):
                joins.append(_Correction(place, place + 1, form.word, log10(form.events)))
        return joins

    def corrections(self, places: Iterable[int]) -> list[_Correction]:
        """Return the best correction of each word that has one."""
        rare = [place for place in places if self._can_be_wrong(place)]
        if not rare:
            return []
        forms = {place: self.words[place].folded for place in rare}
        names = store.search.suggestions.find_participant_names(self.conn, sorted(set(forms.values())))
        forms = {place: form for place, form in forms.items() if form not in names}
        near = find_one_edit_away(self.conn, set(forms.values()))
        best = {place: self._best(place, near) for place in forms}
        # The trigrams of a word are in many more words than it has neighbours.
        unlikely = {
            place: form for place, form in forms.items() if len(form) >= TWO_EDITS and _is_unlikely(best[place])
        }
        if unlikely:
            far = find_two_edits_away(self.conn, set(unlikely.values()))
            best |= {place: _likelier(best[place], self._best(place, far)) for place in unlikely}
        return [correction for correction in best.values() if correction]

    def _can_be_wrong(self, place: int) -> bool:
        return not self.words[place].is_fixed and self._events(place) <= _LARGEST_FREQUENCY

    def _events(self, place: int) -> int:
        return sum(one.events for one in self.vocabulary.get(self.words[place].folded, ()))

    def _languages(self, *places: int) -> frozenset[str]:
        """Return the languages of the other words, or of the words at these places; none where nothing tells.

        Those that all these words have in common, if there is one.
        """
        others = [self._languages_of(place) for place in range(len(self.words)) if place not in places]
        evidence = [one for one in others if one] or [one for one in map(self._languages_of, places) if one]
        common = frozenset[str].intersection(*evidence) if evidence else frozenset[str]()
        return common or frozenset[str]().union(*evidence)

    def _languages_of(self, place: int) -> frozenset[str]:
        words = self.vocabulary.get(self.words[place].folded, ())
        return frozenset(one.lang for one in words if one.events >= _SHARE * self._events(place))

    def _best(self, place: int, near: NearWords) -> _Correction | None:
        """Return the likeliest correction of a word, if it is likelier than the word itself."""
        word, events = self.words[place], self._events(place)
        right = log10(events) + (_SEEN if events <= _CHANCE else _KNOWN) if events else float("-inf")
        if word.is_capital:
            right = max(right, 0) + _NAME
        best = self._likeliest(place, near, self._languages(place), right)
        if best is None and events == len(self.words) == 1:
            # One event says little about the language of the word.
            best = self._likeliest(place, near, frozenset(), right + _FOREIGN)
        return best

    def _likeliest(self, place: int, near: NearWords, languages: frozenset[str], right: float) -> _Correction | None:
        typed = self.words[place].folded
        texts = [*near.alike(typed, languages), *near.splits(typed, languages, self.collection)]
        likely = sorted((one for one in texts if one.likelihood > right), key=lambda one: (-one.likelihood, one.text))
        for one in likely[:_MOST_TRIES]:
            if not one.is_split or self._is_phrase(one.text):
                return _Correction(place, place, one.text, one.likelihood)
        return None

    def _is_phrase(self, text: str) -> bool:
        """Return whether some event has the words one after the other."""
        languages = list_languages(self.conn)
        words, phrase = (compile_query(Words(one), languages) for one in (text, f'"{text}"'))
        return store.search.vocabulary.has_phrase(self.conn, words.all_words, phrase.all_words)
