"""Compounds of Germanic languages and Finnish, and their parts: `klimaschutzgesetz` has `klima`, `schutz`, `gesetz`.

The words that can be parts are in `compound_words/`, as sorted checksums: `tools/compound_words.py` makes them from
simplemma's dictionaries. A false part costs little, since a text only matches by one word more.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

import Stemmer

#: The folder with a file of words for each language.
FOLDER: Final = Path(__file__).parent / "compound_words"

#: The shortest and the longest compound, in letters.
_SHORTEST, _LONGEST = 7, 40

#: The shortest part in letters, and the shortest of the few short words that a language composes.
SHORTEST_PART: Final = 4
_SHORTEST_OF_ALL: Final = 3

#: The most parts of a compound. Each is a lexeme of the search document.
MOST_PARTS: Final = 8

#: The levels of parts of parts. Each makes the longest words dearer.
_DEEPEST: Final = 3

#: The compounds whose parts are cached. A text repeats its words, and texts repeat those of others.
_CACHED: Final = 65_536


@dataclass(frozen=True)
class Grammar:
    """How a language composes words, all folded.

    `links` stand between two parts; `short` are the words of three letters that can be parts; `never` are endings and
    prefixes that look like words.
    """

    links: tuple[str, ...]
    short: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    #: Parts that stand before others only.
    prefixes: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SCANDINAVIAN: Final = _words(
    "hed het skab skap dom else ende inter mini over under uden uten samen sammen for ing ring tinget somhed somhet"
    " omhed omhet same barhet fore etag forske"
)

#: The grammars by the names of Snowball's stemmers.
GRAMMARS: Final = {
    "german": Grammar(
        ("", "s", "n", "en", "es", "er", "e", "ns", "ens"),
        _words("amt bau erd erz gas hof not ost rad rat see tag tal weg zug"),
        _words(
            "schaft heit keit unge ungen lich isch chen ster ation tion sion itat ismus stand rung zung tung lung ahme"
            " ahmen bare barkeit erung ierung nahme nahmen setzung setzungen gabe gaben kommen nehmen fuhrung haltung"
            " stellung stehen machung schluss luss toff erreich aische verb tran unter uber gegen zwischen durch neben"
            " ausser wider nach hinter ein eine einer alle inter trans super hyper poly mikro makro meta para post"
            " contra kontra zusammen wieder miss herein hinaus ohne vor mini stutzung wand rend ische"
        ),
        _words("agrar bio einzel elektro fern gesamt halb mehr mindest oko photo sonder sozial"),
    ),
    "dutch": Grammar(
        ("", "s", "e", "en", "n", "er", "eren"),
        _words("bus gas wet weg zee"),
        _words(
            "heid schap chap lijkheid lijk delijkheid neming over onder mini samen weten inter achter terug ster sing"
            " achtig baar eren versiteit delen"
        ),
    ),
    "swedish": Grammar(("", "s", "e", "o"), _words("gas lag vag"), _SCANDINAVIAN),
    "danish": Grammar(("", "s", "e", "er"), _words("gas lov vej"), _SCANDINAVIAN),
    "norwegian": Grammar(("", "s", "e", "er"), _words("gas lov vei"), _SCANDINAVIAN),
    "finnish": Grammar(("", "n", "s"), _words("maa tie tyo"), _words("ylio pisto vire anom")),
}


class CompoundWords(NamedTuple):
    """The words of a language that can be parts, as sorted checksums.

    A part but the last is one of `modifiers`; of the `loose` ones as well if the compound is in no dictionary. The last
    one has a stem of `heads`. `names` are words that have no parts, such as those of countries.
    """

    modifiers: Sequence[int]
    loose: Sequence[int]
    heads: Sequence[int]
    names: Sequence[int]

    def to_bytes(self) -> bytes:
        """Return the contents of the file: the lengths of the four lists, and their members, as 32 bits each."""
        numbers = array("I", [len(part) for part in self])
        for part in self:
            numbers.extend(part)
        return _little_endian(numbers).tobytes()

    @staticmethod
    def from_bytes(data: bytes) -> "CompoundWords":
        """Return the words of a file."""
        numbers = array("I")
        numbers.frombytes(data)
        numbers = _little_endian(numbers)
        parts, start = [], len(CompoundWords._fields)
        for length in numbers[:start]:
            parts.append(numbers[start : start + length])
            start += length
        return CompoundWords(*parts)


def _little_endian(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def checksum(word: str) -> int:
    """Return the 32 bits that stand for a word in the lists. One word in ten thousand is taken for another."""
    return crc32(word.encode())


def compound_parts(word: str, language: str) -> tuple[str, ...]:
    """Return the words of which a folded word is composed, those of longer parts as well, each once.

    There are none if it is simple, or if `language`, a name of GRAMMARS, is no language of compounds.
    """
    if language not in GRAMMARS or not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
        return ()
    return _parts(word, language, _DEEPEST)


@lru_cache(_CACHED)  # a long word has its parts in common with itself and with others
def _parts(word: str, language: str, depth: int) -> tuple[str, ...]:
    parts = dict.fromkeys(_splitter(language).parts(word, depth))
    return tuple(part for part in parts if part != word)[:MOST_PARTS]


@cache
def _splitter(language: str) -> "_Splitter":
    words = CompoundWords.from_bytes((FOLDER / f"{language}.bin").read_bytes())
    return _Splitter(language, words, Stemmer.Stemmer(language, 0))  # whose own cache threads cannot share


class _Splitter:
    """Splits the compounds of one language."""

    def __init__(self, language: str, words: CompoundWords, stemmer: Stemmer.Stemmer) -> None:
        self.language = language
        self.grammar = GRAMMARS[language]
        self.words = words
        self.stem = stemmer.stemWord

    def parts(self, word: str, depth: int) -> Iterator[str]:
        """Yield the parts of a word, and the parts of these, `depth` levels deep."""
        if depth == 0 or len(word) < _SHORTEST or _has(self.words.names, word):
            return
        heads: dict[str, str] = {}
        for modifier, head in self._cuts(word):
            heads.setdefault(modifier, head)  # the longest one, so that a link is as short as possible
        cuts = list(heads.items()) or list(islice(self._cuts_behind_compounds(word, depth - 1), 1))
        # With the first part as short and as long as possible: `druckerzeugnis` is found by both its readings.
        for modifier, head in dict.fromkeys([*cuts[:1], *cuts[-1:]]):
            if modifier not in self.grammar.prefixes:
                yield modifier
                yield from _parts(modifier, self.language, depth - 1)
            yield head
            yield from _parts(head, self.language, depth - 1)

    def _cuts(self, word: str) -> Iterator[tuple[str, str]]:
        """Yield each pair of a modifier, without its link, and a head that compose the word; the shortest first."""
        is_known = self._is_known(word)
        for place in range(_SHORTEST_OF_ALL, len(word) - _SHORTEST_OF_ALL + 1):
            if self._is_head(word[place:]) and (modifier := self._modifier(word[:place], is_known=is_known)):
                yield modifier, word[place:]

    def _cuts_behind_compounds(self, word: str, depth: int) -> Iterator[tuple[str, str]]:
        """Yield the pairs of a compound that is in no dictionary and a head; the shortest head first."""
        for place in range(len(word) - _SHORTEST_OF_ALL, _SHORTEST - 1, -1):
            if self._is_head(word[place:]):
                for before in self._without_link(word[:place]):
                    if _parts(before, self.language, depth):
                        yield before, word[place:]

    def _modifier(self, before: str, *, is_known: bool) -> str | None:
        """Return the word that stands before a head; None if it is none."""
        if before in self.grammar.prefixes:
            return before
        for word in self._without_link(before):
            for form in (word, word + "e" if len(word) >= SHORTEST_PART else word):
                if self._is_modifier(form):
                    return form
        if is_known or not self._is_possible(before):
            return None
        return before if _has(self.words.loose, before) or _has(self.words.loose, before + "en") else None

    def _without_link(self, before: str) -> Iterator[str]:
        return (before.removesuffix(link) for link in self.grammar.links if before.endswith(link))

    def _is_modifier(self, word: str) -> bool:
        return word in self.grammar.short or (self._is_possible(word) and _has(self.words.modifiers, word))

    def _is_head(self, word: str) -> bool:
        return word in self.grammar.short or (self._is_possible(word) and _has(self.words.heads, self.stem(word)))

    def _is_possible(self, part: str) -> bool:
        return len(part) >= SHORTEST_PART and part not in self.grammar.never

    def _is_known(self, word: str) -> bool:
        """Return whether a dictionary has the word, so that an unlikely first part does not compose it."""
        return _has(self.words.modifiers, word) or _has(self.words.loose, word) or self._is_head(word)


def _has(checksums: Sequence[int], word: str) -> bool:
    sought = checksum(word)
    place = bisect_left(checksums, sought)
    return place < len(checksums) and checksums[place] == sought
