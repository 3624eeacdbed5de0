"""Makes the words of compounds, service/search/text/compound_words/, from simplemma's dictionaries.

`python -m tools.compound_words` writes a file for each language. Do so after an update of simplemma.
"""

import gettext
from collections.abc import Iterable

import pycountry
import Stemmer
from simplemma.strategies import DefaultDictionaryFactory

from service.search.text.analyzer import fold
from service.search.text.compounds import FOLDER, GRAMMARS, SHORTEST_PART, CompoundWords, checksum

#: The longest part in letters; a longer word is a compound.
_LONGEST = 16

#: Languages that write nouns with a capital letter, whose other words seldom are the first part.
_CAPITAL_NOUNS = frozenset({"german"})

#: The language tags of the dictionaries.
_TAGS = {"danish": "da", "dutch": "nl", "finnish": "fi", "german": "de", "norwegian": "nb", "swedish": "sv"}


def compound_words(language: str) -> CompoundWords:
    """Return the words of a language that can be parts of compounds."""
    lemmas = _lemmas(language)
    nouns = {word for word in lemmas if language not in _CAPITAL_NOUNS or word[:1].isupper()}
    modifiers = {fold(noun) for noun in nouns} - GRAMMARS[language].never
    stems = Stemmer.Stemmer(language).stemWords(modifiers)
    heads = {stem for stem in stems if len(stem) >= SHORTEST_PART}
    loose = {fold(word) for word in lemmas - nouns}
    return CompoundWords(*map(_checksums, (modifiers, loose, heads, _names(language))))


def _lemmas(language: str) -> set[str]:
    """Return the base forms of a dictionary, without abbreviations, long words, and words with signs."""
    lemmas = set(DefaultDictionaryFactory().get_dictionary(_TAGS[language]).values())
    return {word for word in lemmas if len(word) <= _LONGEST and word.isalpha() and word[1:].islower()}


def _names(language: str) -> set[str]:
    """Return the names of countries and their parts that are one word."""
    names = set()
    for standard, places in (("iso3166-1", pycountry.countries), ("iso3166-2", pycountry.subdivisions)):
        translation = gettext.translation(standard, pycountry.LOCALES_DIR, languages=[_TAGS[language]], fallback=True)
        names |= {fold(translation.gettext(place.name)) for place in places}
    return {name for name in names if name.isalpha()}


def _checksums(words: Iterable[str]) -> list[int]:
    return sorted(map(checksum, words))


if __name__ == "__main__":
    for language in GRAMMARS:
        (FOLDER / f"{language}.bin").write_bytes(compound_words(language).to_bytes())
