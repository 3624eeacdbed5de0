"""Names and words as they are typed: without case, accents and punctuation, word by word."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from service.store.search.tsquery import Lexeme, TsQuery

#: Characters of a name that are looked at, words of it, and beginnings within writing without spaces.
_LOOKED_AT, _MOST_WORDS, _MOST_WITHIN = 300, 40, 30

#: Letters of a word that is worth correcting: of a shorter one everything is like everything else.
_SHORTEST, _LONGEST = 4, 40

#: Words that are remembered with their folded form: most of a text are in most others, too.
_REMEMBERED = 65_536

_WORD = re.compile(r"\w+")
#: Letters and what stands above or below them, whatever their form; no digits.
LETTERS = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*")

#: Writing without spaces: whatever a reader types may stand within.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)


def folded(text: str) -> str:
    """`text` with its words in one case, without accents, and one space between each two."""
    return " ".join(_words(text))


def name_words(text: str) -> list[str]:
    """The words by whose beginnings a name is found."""
    words = _words(text)
    within = [run[begin:] for word in words for run in _UNSPACED.findall(word) for begin in range(len(run))]
    return list(dict.fromkeys([*words, *within[:_MOST_WITHIN]]))


def beginnings(text: str) -> TsQuery:
    """Return the query for names with words that begin as each word of `text` does."""
    return TsQuery.all(Lexeme(word, begins=True) for word in _words(text))


def spelt(text: str) -> Iterator[tuple[str, str]]:
    """Each word of `text` that is worth correcting, in small letters, with its folded form."""
    for found in LETTERS.finditer(text):
        if (word := correctable(found[0])) is not None:
            yield word


@lru_cache(_REMEMBERED)
def correctable(letters: str) -> tuple[str, str] | None:
    """A word in small letters and folded, or None where it is too short, too long or of writing without spaces."""
    word = unicodedata.normalize("NFKC", letters).lower()
    if not _SHORTEST <= len(word) <= _LONGEST or _UNSPACED.search(word):
        return None
    return word, folded(word).replace(" ", "")


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text[:_LOOKED_AT]).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _WORD.findall(unicodedata.normalize("NFC", plain))[:_MOST_WORDS]
