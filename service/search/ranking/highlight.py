"""Where the words of a search stand in the texts of events: by the analysis that found them there."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import Connection

from service import store
from service.search.filter import All, AnyOf, Filter, Words
from service.search.index.document import distinct_passages, with_configurations
from service.search.ranking.fragments import Fragment, Hit, fragments
from service.search.text.analyzer import FUNCTION_WORDS, WORD, fold, is_unspaced, plain_words
from service.search.text.query_parser import WordGroup, parse_query

Record = Mapping[str, Any]

#: Characters of one event that are looked through, and of all on a page.
_MOST_CHARACTERS, _MOST_OF_PAGE = 20_000, 1_000_000

#: Different words of a page that are analysed, and words of patterns that are compared with them, at 0.3 us each.
_MOST_WORDS, _MOST_COMPARED = 10_000, 2_000_000

#: Configurations whose stemmers take something away at the front, too. All others leave a word's first letter.
_FROM_THE_FRONT = frozenset({"arabic", "armenian", "hindi", "indonesian", "irish", "nepali", "tamil", "yiddish"})

#: A word as it is written, which may hold accents by themselves: folding takes them away.
_PIECE = re.compile(f"(?:{WORD.pattern}|[\u0300-\u036f])+")

#: Texts that are taken apart once, since most words of a page stand there many times.
_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word, or one character of writing without spaces: from `start` until before `end`."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Atom:
    """The same in a search. `begins` where every word will do that begins so."""

    word: str
    begins: bool = False


#: Atoms that stand one behind the other.
Pattern = tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    path: str
    text: str
    configuration: str
    tokens: Sequence[Token]


def highlight(conn: Connection, asked: Filter, records: Sequence[Record]) -> list[list[Fragment]]:
    """For each of `records` the fragments in which what `asked` looks for is found; at most one statement."""
    patterns = list(dict.fromkeys(patterns_of(asked)))
    if not patterns:
        return [[] for _ in records]
    most = min(_MOST_CHARACTERS, _MOST_OF_PAGE // max(1, len(records)))
    texts = [list(_texts(record, most)) for record in records]
    reader = _Reader(patterns, _meanings(conn, patterns, [text for of_one in texts for text in of_one]))
    return [
        fragments([(text.path, text.text) for text in of_one], [list(reader.hits(text)) for text in of_one])
        for of_one in texts
    ]


def words_in(asked: Filter) -> Iterator[Words]:
    """The words that are looked for in a filter; not those that must not be there."""
    match asked:
        case Words():
            yield asked
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from words_in(part)


def patterns_of(asked: Filter) -> Iterator[Pattern]:
    """What is looked for in a filter."""
    ways = (way for words in words_in(asked) for ways in parse_query(words.text).required for way in ways)
    for group in (group for way in ways for group in way):
        yield _atoms(group)
        if group.code and group.code.isalnum():
            yield (Atom(group.code),)


def _atoms(group: WordGroup) -> Pattern:
    """The words of a group, its bigrams as the characters that they are made of."""
    atoms: list[Atom] = []
    end = None
    for word in group.words:
        if not is_unspaced(word.text):
            atoms.append(Atom(word.text, word.begins))
            continue
        new = word.text[1:] if end == word.offset else word.text
        atoms += [Atom(character) for character in new]
        end = word.offset + 1
    return tuple(atoms)


def tokens_of(text: str) -> Iterator[Token]:
    """The words of a text as it was written."""
    for found in _PIECE.finditer(text):
        start = found.start()
        for word, first, last in _words_in(found[0]):
            yield Token(word, start + first, start + last)


@lru_cache(_REMEMBERED)
def _words_in(piece: str) -> tuple[tuple[str, int, int], ...]:
    """The words of a piece without spaces or signs, and where they stand in it."""
    words = plain_words(fold(piece))
    if len(words) == 1 and not is_unspaced(words[0]):
        return ((words[0], 0, len(piece)),)
    return tuple(_taken_apart(piece))


def _taken_apart(piece: str) -> Iterator[tuple[str, int, int]]:
    """Character by character, joined to words where they are not of writing without spaces."""
    begun: tuple[str, int, int] | None = None
    for place, character in enumerate(piece):
        folded = fold(character)
        if is_unspaced(folded):
            if begun:
                yield begun
                begun = None
            yield folded, place, place + 1
        elif folded.isalnum() or not folded:
            word, first, _ = begun or ("", place, place)
            begun = word + folded, first, place + 1
        elif begun:
            yield begun
            begun = None
    if begun:
        yield begun


def _texts(record: Record, most: int) -> Iterator[_Text]:
    """The texts of a record, `most` characters of them."""
    left = most
    for passage, configuration in with_configurations(distinct_passages(record)):
        text = passage.text[:left]
        left -= len(text)
        yield _Text(passage.path, text, configuration, list(tokens_of(text)))
        if not left:
            return


#: By configuration and word: the words of the search that it is a form of.
Meanings = Mapping[tuple[str, str], Collection[str]]


def _meanings(conn: Connection, patterns: Iterable[Pattern], texts: Iterable[_Text]) -> Meanings:
    """Of which words of the search the words of the texts are forms."""
    asked = sorted({atom.word for pattern in patterns for atom in pattern if not is_unspaced(atom.word)})
    initials = {word[0] for word in asked}
    said: dict[tuple[str, str], None] = {}
    for text in texts:
        anything = text.configuration in _FROM_THE_FRONT
        for token in text.tokens:
            if (anything or token.word[:1] in initials) and len(said) < _MOST_WORDS:
                said[text.configuration, token.word] = None
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for configuration, word, meant in store.search.words.find_forms(conn, list(said), asked) if asked and said else ():
        found[configuration, word].add(meant)
    return found


class _Reader:
    """Finds patterns in texts."""

    def __init__(self, patterns: Sequence[Pattern], meanings: Meanings) -> None:
        self.patterns = sorted(patterns, key=len, reverse=True)
        self.meanings = meanings
        #: A search for nothing but words that PostgreSQL leaves out is one for these words as they stand.
        self.literal = all(atom.word in FUNCTION_WORDS for pattern in patterns for atom in pattern)
        #: Places of patterns by the word that they begin with, and of those that begin with the beginning of one.
        self.by_word: defaultdict[str, list[int]] = defaultdict(list)
        self.open: list[int] = []
        for number, (first, *_) in enumerate(self.patterns):
            self.by_word[first.word].append(number)
            self.open += [number] if first.begins else []
        self.left = _MOST_COMPARED

    def hits(self, text: _Text) -> Iterator[Hit]:
        """Where the patterns stand in a text, one behind the other; the longest first where several begin."""
        place = 0
        while place < len(text.tokens) and self.left > 0:
            begun = self._begun(text.configuration, text.tokens[place].word)
            found = next((one for one in begun if self._stands(one, text, place)), None)
            if found is None:
                place += 1
                continue
            last = place + len(found) - 1
            yield Hit(text.tokens[place].start, text.tokens[last].end, " ".join(atom.word for atom in found))
            place = last + 1

    def _begun(self, configuration: str, word: str) -> Iterable[Pattern]:
        """The patterns of which `word` may be the first, the longest first."""
        meant = self.meanings.get((configuration, word), ())
        numbers = [number for one in {word, *meant} for number in self.by_word.get(one, ())]
        if self.open:
            self.left -= len(self.open)
            numbers += [number for number in self.open if word.startswith(self.patterns[number][0].word)]
        return [self.patterns[number] for number in sorted(set(numbers))]

    def _stands(self, pattern: Pattern, text: _Text, place: int) -> bool:
        self.left -= len(pattern)
        if place + len(pattern) > len(text.tokens):
            return False
        exactly = self.literal or len(pattern) > 1
        return all(
            self._fits(atom, text.configuration, text.tokens[place + number].word, exactly=exactly)
            for number, atom in enumerate(pattern)
        )

    def _fits(self, atom: Atom, configuration: str, word: str, *, exactly: bool) -> bool:
        if atom.word == word and (exactly or is_unspaced(word)):
            return True
        if atom.begins and word.startswith(atom.word):
            return True
        return atom.word in self.meanings.get((configuration, word), ())
