"""Lexemes: the words of documents and searches as the index has them, each in its language.

A lexeme is the stem of a word with the tag of its language, `budgetEN`, so that it matches in texts of that language
alone. Function words leave a gap, in their own language alone. Documents and searches are analysed here and not in
PostgreSQL, which applies the stems and stop words of every language to all texts.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

import Stemmer

from service.search.text.analyzer import HAS_UNSPACED, MARK, TEXT_END, fold, plain_words
from service.search.text.codes import codes_in
from service.search.text.compounds import compound_parts
from service.search.text.languages import ENGLISH, FUNCTION_WORDS, TAGS, UNKNOWN
from service.search.text.variants import joined_words, spelling_of
from service.store.search.tsvector import TEXT_BREAK, Step

#: The words of a language whose lexemes are cached, since most words of a text are in other texts, too.
_CACHED: Final = 65_536

_HAS_NO_STEM: Final = re.compile(rf"[\d{MARK}]|{HAS_UNSPACED.pattern}")
#: The plural of an acronym without vowels, `ndcs`. The stemmer of English leaves its `s`.
_PLURAL_ACRONYM: Final = re.compile("[b-df-hj-np-tv-xz]{3,}s")


def analyse(texts: Iterable[str], language: str, *, titles: bool = False) -> list[Step]:
    """Return the lexemes at each position of texts of a language, TEXT_BREAK between two texts.

    Their codes stand behind them. Two English words that are also one have its lexeme at the first of them. In `titles`
    function words stand as they are written.
    """
    folded = fold(f" {TEXT_END} ".join(texts))
    lexemes = _title_lexemes(language) if titles else _text_lexemes(language)
    words = plain_words(folded)
    steps = list(map(lexemes.__getitem__, words))
    if language == ENGLISH:
        for place, compound in joined_words(words):
            steps[place] = (*(steps[place] or ()), *(lexemes[compound] or ()))
    for code in codes_in(folded):
        forms = dict.fromkeys(lexeme for form in (code.form, *code.others) for lexeme in lexemes[form] or ())
        steps += (TEXT_BREAK, tuple(forms))
    return steps


def text_lexemes(word: str, language: str) -> tuple[str, ...]:
    """Return the lexemes at the position of a folded word in a text of a language, each once."""
    return _text_lexemes(language)[word] or ()


class _Lexemes(dict[str, Step]):
    """The lexemes of folded words in texts or titles of one language, each computed once."""

    def __init__(self, language: str, *, titles: bool) -> None:
        super().__init__()
        self._language, self._titles = language, titles

    def __missing__(self, word: str) -> Step:
        if len(self) >= _CACHED:
            self.clear()
        self[word] = step = TEXT_BREAK if word == TEXT_END else self._step(word)
        return step

    def _step(self, word: str) -> Step:
        lexeme = lexeme_of(word, self._language)
        if lexeme is None:
            return (literal(word, self._language),) if self._titles else ()
        parts = (lexeme_of(part, self._language) for part in compound_parts(word, self._language))
        return tuple(dict.fromkeys([lexeme, *filter(None, parts)]))


@cache
def _text_lexemes(language: str) -> _Lexemes:
    return _Lexemes(language, titles=False)


@cache
def _title_lexemes(language: str) -> _Lexemes:
    return _Lexemes(language, titles=True)


def query_lexemes(word: str, language: str) -> tuple[str, ...]:
    """Return the lexemes by which a folded word of a search is found in texts of a language, each once.

    They count as one word, whichever of them a text has. There are none for a function word.
    """
    lexeme = lexeme_of(word, language)
    return (lexeme,) if lexeme else ()


def lexeme_of(word: str, language: str) -> str | None:
    """Return the lexeme of a folded word in texts of a language; None for a function word.

    A word with digits, a code, a bigram, and any word in an unknown language are lexemes themselves, without a tag.
    """
    if word in FUNCTION_WORDS[language]:
        return None
    if language == UNKNOWN or _HAS_NO_STEM.search(word):
        return word
    if _PLURAL_ACRONYM.fullmatch(word):
        word = word[:-1]
    spelled = spelling_of(word) if language == ENGLISH else word
    return (_stemmer(language).stemWord(spelled) or spelled) + TAGS[language]


def is_tagged(lexeme: str) -> bool:
    """Return whether a lexeme stands in texts of one language alone."""
    return "A" <= lexeme[-1:] <= "Z"


def without_tag(lexeme: str) -> str:
    """Return a lexeme without the tag of its language."""
    return lexeme[:-2] if is_tagged(lexeme) else lexeme


def literal(word: str, language: str) -> str:
    """Return the lexeme of a function word in titles: a search for function words alone finds these."""
    return MARK + word + TAGS[language]


def source_lexeme(word: str) -> str:
    """Return the lexeme of a folded word in what names a source, which matches but does not count.

    No prefix of a word begins it, since words are folded.
    """
    return f"S{word}"


def language_mark(language: str) -> str:
    """Return the lexeme of all documents with texts of a language."""
    return MARK + TAGS[language]


@cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(language, 0)  # without its own cache, which threads cannot share
