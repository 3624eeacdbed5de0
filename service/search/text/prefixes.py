"""Prefixes of words, which must also match words whose stems are shorter."""

from collections.abc import Iterator
from typing import Final

from service.search.text.lexemes import lexeme_of

#: Endings that a stemmer removes: `sustainab*` must match `sustainable`, whose stem is `sustain`.
_ENDINGS: Final = (
    "", "a", "able", "al", "ally", "ance", "ation", "cia", "cion", "dad", "e", "ed", "en", "er", "es", "ility", "ing",
    "ion", "ions", "ite", "ity", "keit", "le", "lich", "ly", "ment", "n", "ness", "o", "on", "ons", "os", "ous", "s",
    "te", "tion", "ung", "ungen", "ve", "y",
)  # fmt: skip


def with_prefix(prefix: str, language: str) -> Iterator[str]:
    """Return the lexemes of words with a prefix which do not have it themselves."""
    lexemes = dict.fromkeys(lexeme_of(prefix + ending, language) for ending in _ENDINGS)
    return (lexeme for lexeme in lexemes if lexeme and not lexeme.startswith(prefix))
