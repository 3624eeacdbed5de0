"""Phrases of words that have lexemes of their own in each language."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from service.search.text.analyzer import fold, plain_words
from service.search.text.lexemes import query_lexemes
from service.store.search.tsquery import Lexeme, Operand, Phrase


def phrases_of(languages: Iterable[Mapping[int, Iterable[Lexeme]]]) -> Iterator[Operand]:
    """Yield the phrases of words with lexemes by place in each language, one for all with the same places.

    No text has lexemes of two languages, so that each place of a phrase may have those of several.
    """
    by_places: dict[tuple[int, ...], list[dict[Lexeme, None]]] = {}
    for steps in languages:
        phrase = by_places.setdefault(tuple(steps), [{} for _ in steps])
        for step, lexemes in zip(phrase, steps.values(), strict=True):
            step.update(dict.fromkeys(lexemes))
    for places, phrase in by_places.items():
        if len(phrase) == 1:
            yield from phrase[0]
        elif phrase:
            yield Phrase(tuple(map(tuple, phrase)), tuple(behind - before for before, behind in pairwise(places)))


def term_phrases(term: str, languages: Iterable[str]) -> list[Operand]:
    """Return the lexemes of a word, or the phrases of several words, in texts of languages."""
    words = list(enumerate(plain_words(fold(term))))
    return list(phrases_of(_content(words, language) for language in languages))


def _content(words: Iterable[tuple[int, str]], language: str) -> dict[int, list[Lexeme]]:
    lexemes = ((place, list(map(Lexeme, query_lexemes(word, language)))) for place, word in words)
    return {place: several for place, several in lexemes if several}


def longest_word(term: str, languages: Iterable[str]) -> list[Lexeme]:
    """Return the lexemes of the longest word of a term, by which a text with the term is ranked."""
    word = max(plain_words(fold(term)), key=len, default="")
    return list(dict.fromkeys(Lexeme(one) for language in languages for one in query_lexemes(word, language)))
