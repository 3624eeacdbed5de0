"""The words of the vocabulary near the typed words: few edits away, or their parts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log10
from typing import Final, NamedTuple

from psycopg import Connection

from service import store
from service.search.suggest.edits import edit_cost, edit_distance, words_one_edit_away
from service.store.search.vocabulary import VocabularyWord

#: The shortest word in letters in which two edits are corrected. With two edits a shorter word is like any other.
TWO_EDITS: Final = 6

#: The power of ten for a word of few letters, which has many neighbours.
_SHORT: Final = 0.5

#: The cost of edits, as a power of ten, with which a rare word is a correction. With more, several events must have it.
_LIKELY: Final = 1.5

#: The power of ten by which a space is rarely forgotten.
_SPACE: Final = 0.9

#: The shortest part in letters of a word that is split.
_SHORTEST_PART: Final = 2

#: The fewest events in which one of a hundred is expected, for a sum of powers of ten.
_LEAST_EXPECTED: Final = 0.01


class LikelyText(NamedTuple):
    """One word, or two, with the likelihood that they were meant, as a power of ten."""

    text: str
    likelihood: float
    is_split: bool = False


@dataclass(frozen=True, slots=True)
class NearWords:
    """The words of the vocabulary by their folded form: those near the typed words, and parts of these.

    `near` has the folded forms that are near each typed word.
    """

    by_form: Mapping[str, Sequence[VocabularyWord]]
    near: Mapping[str, Collection[str]]

    def alike(self, typed: str, languages: frozenset[str]) -> Iterator[LikelyText]:
        """Return the words of some languages, or of any if none is named, that few edits make of the typed one."""
        most, penalty = (2, 0.0) if len(typed) >= TWO_EDITS else (1, _SHORT)
        for form in self.near[typed]:
            word = in_languages(self.by_form[form], languages)
            if word and 0 < edit_distance(typed, form) <= most:
                cost = edit_cost(typed, form) + penalty
                likelihood = log10(word.events) - cost
                if cost <= _LIKELY or likelihood > 0:
                    yield LikelyText(word.word, likelihood)

    def splits(self, typed: str, languages: frozenset[str], collection: int) -> Iterator[LikelyText]:
        """Return two words that the typed one is together, as likely as so many events of a `collection` have both."""
        for place in _cuts(typed):
            before, behind = (
                in_languages(self.by_form.get(part, ()), languages) for part in (typed[:place], typed[place:])
            )
            if before and behind:
                events = max(collection, before.events, behind.events)
                expected = max(_LEAST_EXPECTED, before.events * behind.events / events)
                yield LikelyText(f"{before.word} {behind.word}", log10(expected) - _SPACE, is_split=True)


def find_one_edit_away(conn: Connection, forms: Collection[str]) -> NearWords:
    """Return the words one edit away from each folded form, and its parts."""
    one_edit = {form: words_one_edit_away(form) for form in forms}
    parts = {part for form in forms for place in _cuts(form) for part in (form[:place], form[place:])}
    by_form = words_by_form(store.search.vocabulary.find_words(conn, parts.union(*one_edit.values())))
    return NearWords(by_form, {form: by_form.keys() & one_edit[form] for form in forms})


def find_two_edits_away(conn: Connection, forms: Collection[str]) -> NearWords:
    """Return the words with the most trigrams in common with each folded form; most of those two edits away."""
    similar = store.search.vocabulary.find_similar_words(conn, sorted(forms))
    return NearWords(
        words_by_form({word for words in similar.values() for word in words}),
        {form: {word.folded for word in similar.get(form, ())} for form in forms},
    )


def _cuts(word: str) -> range:
    """Return the places at which a word can be split."""
    return range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)


def words_by_form(words: Iterable[VocabularyWord]) -> dict[str, list[VocabularyWord]]:
    """Return the words of each folded form."""
    by_form = defaultdict[str, list[VocabularyWord]](list)
    for word in words:
        by_form[word.folded].append(word)
    return by_form


def in_languages(words: Iterable[VocabularyWord], languages: frozenset[str]) -> VocabularyWord | None:
    """Return the most frequent spelling in one of the languages, or in any if none is named, with all their events."""
    several = [word for word in words if not languages or word.lang in languages]
    if not several:
        return None
    best = max(several, key=lambda word: (word.events, word.word))
    return replace(best, events=sum(word.events for word in several))
