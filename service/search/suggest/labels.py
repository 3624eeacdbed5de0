"""Labels of the values of facets that are codes: jurisdictions, and words of vocabularies."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from schemas.codes import jurisdiction_labels
from schemas.country_names import find_jurisdiction
from schemas.vocabulary import EventType, Instrument, Status, Verification
from service.search.suggest.normalize import fold_name, name_words
from service.store.search.plans import PREFIX_END
from service.store.search.suggestion_index import FacetKey

#: The facets whose values are jurisdictions.
PLACES: Final = ("party", "affected")

#: The facets whose values are words of a vocabulary.
VOCABULARIES: Final = {
    "event_type": EventType,
    "instrument": Instrument,
    "status": Status,
    "verification": Verification,
}


def label_of(key: FacetKey) -> str:
    """Return the label of a value, in English."""
    return _labels()[key]


def labelled_values(typed: str, facets: Sequence[str]) -> list[FacetKey]:
    """Return the values of `facets` whose labels have words that begin with those of the text.

    A jurisdiction is found by its code and its other names as well: `UK`, `Holland`.
    """
    words = name_words(typed)
    keys = set.intersection(*(_with_prefix(word) for word in words)) if words else set()
    if (code := find_jurisdiction(typed)) is not None:
        keys |= {FacetKey(place, code) for place in PLACES}
    return sorted(key for key in keys if key.facet in facets)


def _with_prefix(prefix: str) -> set[FacetKey]:
    index = _word_index()
    begin, end = (bisect_left(index, (text,)) for text in (prefix, prefix + PREFIX_END))
    return {key for _, key in index[begin:end]}


@cache
def _word_index() -> list[tuple[str, FacetKey]]:
    """Return each word of each label with the value, in order."""
    return sorted((word, key) for key, label in _labels().items() for word in fold_name(label).split())


@cache
def _labels() -> dict[FacetKey, str]:
    return dict(_labelled())


def _labelled() -> Iterator[tuple[FacetKey, str]]:
    for place in PLACES:
        yield from ((FacetKey(place, code), label) for code, label in jurisdiction_labels().items())
    for facet, vocabulary in VOCABULARIES.items():
        yield from ((FacetKey(facet, word), word.replace("_", " ")) for word in vocabulary.words())
