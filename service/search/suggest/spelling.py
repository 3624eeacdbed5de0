"""Spelling: the words of a search corrected to the spelling of the events.

The best correction is a word of many events from which likely mistakes lead to the typed one. A word that some events
have, too, is corrected if the other one is more frequent by more than the mistake is rare. Likelihoods and costs are
powers of ten. A correction is of the languages of the other words, or of the texts that have the typed one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log10
from typing import Final

from psycopg import Connection

from service import store
from service.search.filter import Words
from service.search.ranking.statistics import statistics_of
from service.search.suggest.edits import edit_cost, edit_distance, words_one_edit_away
from service.search.suggest.typed_words import TypedWord, typed_words
from service.search.text.query_compiler import compile_queries
from service.store.search.vocabulary import VocabularyWord

#: Two words are one that is in so many times as many events as have both.
TIMES_MORE: Final = 5

#: The powers of ten by which a word is more likely right that one or two events have, that more of them have, or that
#: looks like a name.
_SEEN, _KNOWN, _NAME = 0.8, 1.5, 0.4

#: The cost of edits, as a power of ten, with which a rare word is a correction. With more, several events must have it.
_LIKELY: Final = 1.5

#: The power of ten for a word of few letters, which has many neighbours.
_SHORT: Final = 0.5

#: The shortest word in letters in which two edits are corrected. With two edits a shorter word is like any other.
_TWO_EDITS: Final = 6

#: The power of ten by which a space is rarely forgotten or added.
_SPACE: Final = 0.9

#: The shortest part in letters of a word that is split.
_SHORTEST_PART: Final = 3

#: The largest document frequency of a word that is corrected.
_LARGEST_FREQUENCY: Final = 1_000

#: A word is of the languages with this share of its events, and the fewest events that tell its language.
_SHARE, _ENOUGH_EVENTS = 0.05, 3

#: The most corrections of a word that are tried.
_MOST_TRIES: Final = 5

#: The fewest events in which one of a hundred is expected, for a sum of powers of ten.
_LEAST_EXPECTED: Final = 0.01


@dataclass(frozen=True, slots=True)
class _Correction:
    """The text for the typed words from the place `first` to `last`, and how likely it is, as a power of ten."""

    first: int
    last: int
    text: str
    likelihood: float
    is_split: bool = False


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
        parts += [text[end : words[one.first].start], one.text]
        end = words[one.last].end
    return "".join([*parts, text[end:]])


#: A word and its likelihood.
_Likely = tuple[str, float]


@dataclass(frozen=True, slots=True)
class _NearWords:
    """The words of the vocabulary by their folded form: those near the typed words, and parts of these.

    `near` has the folded forms that are near each typed word.
    """

    by_form: Mapping[str, Sequence[VocabularyWord]]
    near: Mapping[str, Collection[str]]

    def alike(self, typed: str, languages: frozenset[str]) -> Iterator[_Likely]:
        """Return the words that few edits make of the typed one."""
        most, penalty = (2, 0.0) if len(typed) >= _TWO_EDITS else (1, _SHORT)
        for form in self.near[typed]:
            word = _in_languages(self.by_form[form], languages)
            if word and 0 < edit_distance(typed, form) <= most:
                cost = edit_cost(typed, form) + penalty
                likelihood = log10(word.events) - cost
                if cost <= _LIKELY or likelihood > 0:
                    yield word.word, likelihood

    def splits(self, typed: str, languages: frozenset[str], collection: int) -> Iterator[_Likely]:
        """Return two words that the typed one is together, as likely as so many events of a `collection` have both."""
        for place in _cuts(typed):
            before, behind = (
                _in_languages(self.by_form.get(part, ()), languages) for part in (typed[:place], typed[place:])
            )
            if before and behind:
                events = max(collection, before.events, behind.events)
                expected = max(_LEAST_EXPECTED, before.events * behind.events / events)
                yield f"{before.word} {behind.word}", log10(expected) - _SPACE


def _near_words(conn: Connection, forms: Collection[str]) -> _NearWords:
    """Return the words one edit away, those with many trigrams in common for two edits, and the parts of the forms."""
    one_edit = {form: words_one_edit_away(form) for form in forms}
    parts = {part for form in forms for place in _cuts(form) for part in (form[:place], form[place:])}
    by_form = _by_form(store.search.vocabulary.find_words(conn, parts.union(*one_edit.values())))
    long = [form for form in sorted(forms) if len(form) >= _TWO_EDITS]
    similar = store.search.vocabulary.find_similar_words(conn, long) if long else {}
    near = {form: by_form.keys() & one_edit[form] for form in forms}
    for form, words in similar.items():
        new = _by_form(word for word in words if word.folded not in by_form)
        by_form |= new
        near[form] |= {word.folded for word in words}
    return _NearWords(by_form, near)


def _cuts(word: str) -> range:
    """Return the places at which a word can be split."""
    return range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)


def _by_form(words: Iterable[VocabularyWord]) -> dict[str, list[VocabularyWord]]:
    by_form = defaultdict[str, list[VocabularyWord]](list)
    for word in words:
        by_form[word.folded].append(word)
    return by_form


def _in_languages(words: Iterable[VocabularyWord], languages: frozenset[str]) -> VocabularyWord | None:
    """Return the most frequent spelling in one of the languages, or in any if none is named, with all their events."""
    several = [word for word in words if not languages or word.lang in languages]
    if not several:
        return None
    best = max(several, key=lambda word: (word.events, word.word))
    return replace(best, events=sum(word.events for word in several))


class _Speller:
    """Corrects the words of one search."""

    def __init__(self, conn: Connection, words: Sequence[TypedWord], matches: int) -> None:
        self.conn, self.words, self.matches = conn, words, matches
        self.pairs = {
            place: before.folded + word.folded for place, (before, word) in enumerate(pairwise(words)) if word.follows
        }
        forms = {*(word.folded for word in words), *self.pairs.values()}
        self.vocabulary = _by_form(store.search.vocabulary.find_words(conn, forms))
        most = max((self._events(place) for place in range(len(words))), default=0)
        #: The number of events. The vocabulary can be ahead of the statistics.
        self.collection = max(1, statistics_of(conn).collection.events, most)

    def joins(self) -> list[_Correction]:
        """Return the pairs of words that many more events have as one word; no word is in two of them."""
        joins: list[_Correction] = []
        for place, pair in self.pairs.items():
            form = _in_languages(self.vocabulary.get(pair, ()), self._languages(place, place + 1))
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
        forms = {self.words[place].folded for place in rare}
        near = _near_words(self.conn, forms)
        names = store.search.suggestions.find_participant_names(self.conn, sorted(forms))
        best = (self._best(place, near) for place in rare if self.words[place].folded not in names)
        return [correction for correction in best if correction]

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

    def _best(self, place: int, near: _NearWords) -> _Correction | None:
        """Return the likeliest correction of a word, if it is likelier than the word itself."""
        word, events = self.words[place], self._events(place)
        are_few = events < _ENOUGH_EVENTS
        right = log10(events) + (_SEEN if are_few else _KNOWN) if events else float("-inf")
        if word.is_capital:
            right = max(right, 0) + _NAME
        languages = [self._languages(place)]
        if are_few and len(self.words) == 1:
            languages.append(frozenset())  # so few events say little about the language of the word
        corrections = (self._likeliest(place, near, some, right) for some in languages)
        return next((correction for correction in corrections if correction), None)

    def _likeliest(self, place: int, near: _NearWords, languages: frozenset[str], right: float) -> _Correction | None:
        typed = self.words[place].folded
        words = near.alike(typed, languages)
        splits = near.splits(typed, languages, self.collection)
        corrections = [
            *(_Correction(place, place, text, likelihood) for text, likelihood in words),
            *(_Correction(place, place, text, likelihood, is_split=True) for text, likelihood in splits),
        ]
        likely = (one for one in corrections if one.likelihood > right)
        ordered = sorted(likely, key=lambda correction: (-correction.likelihood, correction.text))
        return next((one for one in ordered[:_MOST_TRIES] if not one.is_split or self._is_phrase(one.text)), None)

    def _is_phrase(self, text: str) -> bool:
        """Return whether some event has the words one after the other."""
        words, phrase = compile_queries(self.conn, [Words(text), Words(f'"{text}"')])
        return store.search.vocabulary.has_phrase(self.conn, words.all_words, phrase.all_words)
