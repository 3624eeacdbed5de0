"""Names of countries in a search, in any language that texts are analyzed in."""

import gettext
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

import pycountry

from schemas.country_names import FILLERS, country_words, find_by_name
from service.search.text.analyzer import bigrams, fold, is_unspaced
from service.search.text.query_parser import Expression, QueryWord, WordGroup
from service.store.search.tsquery import Lexeme

#: The first letter of the lexeme of a country: its jurisdiction.
_KIND: Final = "J"

#: The most words of a name: "Democratic People's Republic of Korea", "Saint Vincent and the Grenadines".
_LONGEST_NAME: Final = 6

#: The fewest letters of a translated name in a script with spaces. Shorter ones are words of other languages.
_SHORTEST_TRANSLATION: Final = 4

#: The languages of the translations, as pycountry names them.
_TRANSLATIONS: Final = (
    "ar", "ca", "da", "de", "el", "es", "et", "eu", "fi", "fr", "ga", "hi", "hu", "hy", "id", "it", "lt", "nb_NO", "ne",
    "nl", "nn", "pt", "ro", "ru", "sr", "sv", "ta", "tr", "ja", "ko", "zh_CN", "zh_TW",
)  # fmt: skip

#: Names beside those of pycountry, which has no European Union and mostly official names.
_OTHER_NAMES: Final = {
    "EU": "UE|Europäische Union|Union européenne|Unión Europea|Unione europea|União Europeia|Europese Unie"
    "|Europeiska unionen|Europæiske Union|Euroopan unioni|Uniunea Europeană|Európai Unió|Avrupa Birliği"
    "|Европейский союз|ЕС|Европска унија|Ευρωπαϊκή Ένωση|欧盟|歐盟|欧州連合|유럽 연합|유럽연합",  # noqa: RUF001 (Russian)
    "GB": "Großbritannien|Grande-Bretagne|Gran Bretaña|Gran Bretagna|Grã-Bretanha|Великобритания|イギリス",
    "KR": "Südkorea|Corea del Sur|Coreia do Sul|Zuid-Korea|Sydkorea|Güney Kore|Южная Корея|韩国|韓国|韓國|한국",
    "RU": "Russland|Rússia|Rusland|Ryssland|Oroszország|Rusya|Россия|Русија|ロシア|러시아",
    "US": "EUA|EE.UU.|США|САД|アメリカ",
}

#: What follows the name in "Iran, Islamische Republik" and "大韓民国 (韓国)".
_ADDITION: Final = re.compile(r"\s*[,(].*")

#: Names that are also other words, in the order of `country_words`: "car" of the Central African Republic, Iceland's
#: "Island", "norra" (northern in Swedish, Norway in Estonian).
_OTHER_WORDS: Final = frozenset(
    ("car", "islands", "norra", "samo", "toga", "togas", "malis", "gana", "chili", "sili", "lati", "naru", "maili")
)


class CountrySpan(NamedTuple):
    """The words from `start` to before `end` of a search, which are a name of the jurisdiction `code`."""

    start: int
    end: int
    code: str


def country_spans(words: Sequence[str]) -> Iterator[CountrySpan]:
    """Return the names of countries in the folded words of a search, the longest at each place."""
    start = 0
    while start < len(words):
        ends = range(min(len(words), start + _LONGEST_NAME), start, -1)
        spans = (CountrySpan(start, end, code) for end in ends if (code := _code(tuple(words[start:end]))))
        span = next(spans, None)
        if span:
            yield span
        start = span.end if span else start + 1


def country_lexeme(code: str) -> str:
    """Return the lexeme of events with participants of a country. No word has it, since words are folded."""
    return f"{_KIND}{code}"


def is_country_lexeme(lexeme: str) -> bool:
    """Return whether a lexeme is that of a country. Folded words have no capitals."""
    return lexeme.startswith(_KIND)


def countries_by_word(expression: Expression) -> dict[QueryWord, tuple[Lexeme, ...]]:
    """Return the lexemes of the countries in whose names the words of an expression stand, outside quotes."""
    lexemes = defaultdict[QueryWord, dict[Lexeme, None]](dict)
    for run in _runs(expression):
        tokens = [(text, words) for group in run for text, words in _tokens(group)]
        for start, end, code in country_spans([text for text, _ in tokens]):
            for text, words in tokens[start:end]:
                if text not in FILLERS:
                    lexemes |= {word: lexemes[word] | {Lexeme(country_lexeme(code)): None} for word in words}
    return {word: tuple(several) for word, several in lexemes.items()}


def _runs(expression: Expression) -> Iterator[list[WordGroup]]:
    """Return the groups in which the words of a name follow each other, with those that must not match."""
    run: list[WordGroup] = []
    for alternatives in expression.required:
        if len(alternatives) == 1:
            run += alternatives[0]
        else:
            yield from map(list, alternatives)
    yield run
    for excluded in expression.excluded:
        yield from _runs(excluded)


def _tokens(group: WordGroup) -> Iterator[tuple[str, tuple[QueryWord, ...]]]:
    """Return the words of a group; a quotation is no name."""
    if group.quoted:
        yield "", ()
    else:
        yield from ((word.text, (word,)) for word in group.words)


@lru_cache(maxsize=4096)  # a search has a span at each place and of each length
def _code(words: tuple[str, ...]) -> str | None:
    if not all(words) or words[0] in FILLERS or words[-1] in FILLERS:
        return None
    if all(map(is_unspaced, words)):
        return _translations().get(words)
    key = country_words(" ".join(words))
    return (
        None if len(key) == 1 and key[0] in _OTHER_WORDS else find_by_name(" ".join(words)) or _translations().get(key)
    )


@cache
def _translations() -> dict[tuple[str, ...], str]:
    """Return the codes by the words of translated names. A name of several countries is left out."""
    codes = defaultdict[tuple[str, ...], set[str]](set)
    for code, name in _translated_names():
        codes[_key(name)].add(code)
    return {key: code for key, [code, *others] in codes.items() if key and not others}


def _key(name: str) -> tuple[str, ...]:
    """Return the words of a name as a search has them; none for a name that is too short."""
    folded = fold(name)
    if is_unspaced(folded):
        return tuple(bigrams(folded))
    return country_words(name) if len(name) >= _SHORTEST_TRANSLATION or name.isupper() else ()


def _translated_names() -> Iterator[tuple[str, str]]:
    for language in _TRANSLATIONS:
        translate = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [language]).gettext
        for country in pycountry.countries:
            for name in {country.name, getattr(country, "common_name", country.name)}:
                translated = translate(name)
                if translated != name:
                    yield country.alpha_2, translated
                    yield country.alpha_2, _ADDITION.sub("", translated)
    for code, names in _OTHER_NAMES.items():
        yield from ((code, name) for name in names.split("|"))
