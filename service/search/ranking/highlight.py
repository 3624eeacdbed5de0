"""Highlights: the fragments of an event's texts that have the words of a search, found by the analyzer's rules."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from service import store
from service.search.filter import Filter, positive_words
from service.search.index.document import distinct_passages, with_configurations
from service.search.text.analyzer import FUNCTION_WORDS, WORD, fold, is_unspaced, plain_words
from service.search.text.query_parser import WordGroup, parse_query
from service.store.connect import Connect

Record = Mapping[str, Any]

#: The length of a fragment in characters, give or take a word, and the most fragments of an event.
LENGTH, MOST = 160, 3

#: The most characters by which a fragment is moved to the border of a word, and the most hits in a text.
_MARGIN, _MOST_HITS = 20, 2_000

#: The most characters of an event, and of all events on a page, in which words are highlighted.
_MOST_CHARACTERS, _MOST_OF_PAGE = 20_000, 1_000_000

#: The most different words of a page that are analysed, and that are compared with patterns, at 0.3 us each.
_MOST_WORDS, _MOST_COMPARED = 10_000, 2_000_000

#: The configurations with stemmers that remove prefixes, too. All others leave the first letter of a word.
_WITH_PREFIXES = frozenset({"arabic", "armenian", "hindi", "indonesian", "irish", "nepali", "tamil", "yiddish"})

#: A word in its spelling, with combining accents, which folding removes.
_PIECE = re.compile(f"(?:{WORD.pattern}|[\u0300-\u036f])+")

#: The pieces of texts whose tokens are cached, since most words of a page are there many times.
_CACHED = 65_536


class Hit(NamedTuple):
    """A match of the `term` of a search, from the character at `start` to the one before `end`."""

    start: int
    end: int
    term: str


@dataclass(frozen=True)
class Fragment:
    """A part of the text of a field, and the ranges of hits in it: pairs of first character and last + 1."""

    field: str
    text: str
    ranges: list[list[int]]


class Token(NamedTuple):
    """A folded word, or a character of a script without spaces, from `start` to before `end`."""

    word: str
    start: int
    end: int


class Atom(NamedTuple):
    """A token of a search. With `begins` every word with this beginning matches."""

    word: str
    begins: bool = False


#: Atoms that follow each other.
Pattern = tuple[Atom, ...]

#: The words of the search of which a word is a form, by configuration and word.
Meanings = Mapping[tuple[str, str], Collection[str]]


class _Text(NamedTuple):
    path: str
    text: str
    configuration: str
    tokens: Sequence[Token]


def highlight(connect: Connect, filter: Filter, records: Sequence[Record]) -> list[list[Fragment]]:
    """Return, for each record, the fragments with the words of a filter. One statement at most needs a connection."""
    patterns = list(dict.fromkeys(_patterns(filter)))
    if not patterns:
        return [[] for _ in records]
    most = min(_MOST_CHARACTERS, _MOST_OF_PAGE // max(1, len(records)))
    texts = [list(_texts(record, most)) for record in records]
    highlighter = _Highlighter(patterns, _meanings(connect, patterns, [text for of_one in texts for text in of_one]))
    return [
        best_fragments([(text.path, text.text) for text in of_one], [list(highlighter.hits(text)) for text in of_one])
        for of_one in texts
    ]


def _patterns(filter: Filter) -> Iterator[Pattern]:
    for words in positive_words(filter):
        for group in parse_query(words.text).required_groups:
            yield _atoms(group)
            if group.code and group.code.isalnum():
                yield (Atom(group.code),)


def _atoms(group: WordGroup) -> Pattern:
    """Return the words of a group, its bigrams as single characters."""
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
    """Return the tokens of a text."""
    for piece in _PIECE.finditer(text):
        start = piece.start()
        for word, first, last in _tokens(piece[0]):
            yield Token(word, start + first, start + last)


@lru_cache(_CACHED)
def _tokens(piece: str) -> tuple[tuple[str, int, int], ...]:
    """Return the tokens of a piece without spaces and signs: word, start and end."""
    words = plain_words(fold(piece))
    if len(words) == 1 and not is_unspaced(words[0]):
        return ((words[0], 0, len(piece)),)
    return tuple(_tokens_by_character(piece))


def _tokens_by_character(piece: str) -> Iterator[tuple[str, int, int]]:
    """Return each character of a script without spaces, and the words between them."""
    word, start, end = "", 0, 0
    for index, character in enumerate(piece):
        folded = fold(character)
        if (folded.isalnum() and not is_unspaced(folded)) or not folded:
            word, start, end = word + folded, start if end else index, index + 1
            continue
        if end:
            yield word, start, end
            word, end = "", 0
        if is_unspaced(folded):
            yield folded, index, index + 1
    if end:
        yield word, start, end


def _texts(record: Record, most: int) -> Iterator[_Text]:
    """Return the texts of a record, of `most` characters together."""
    rest = most
    for passage, configuration in with_configurations(distinct_passages(record)):
        text = passage.text[:rest]
        rest -= len(text)
        yield _Text(passage.path, text, configuration, list(tokens_of(text)))
        if not rest:
            return


def _meanings(connect: Connect, patterns: Iterable[Pattern], texts: Iterable[_Text]) -> Meanings:
    terms = sorted({atom.word for pattern in patterns for atom in pattern if not is_unspaced(atom.word)})
    initials = {term[0] for term in terms}
    words: dict[tuple[str, str], None] = {}
    for text in texts:
        any_initial = text.configuration in _WITH_PREFIXES
        for token in text.tokens:
            if (any_initial or token.word[:1] in initials) and len(words) < _MOST_WORDS:
                words[text.configuration, token.word] = None
    meanings: dict[tuple[str, str], set[str]] = defaultdict(set)
    if not terms or not words:
        return meanings
    with connect() as conn:
        forms = store.search.words.find_forms(conn, list(words), terms)
    for configuration, word, term in forms:
        meanings[configuration, word].add(term)
    return meanings


class _Highlighter:
    """Finds patterns in texts, until it has compared so many words that the rest would take too long."""

    def __init__(self, patterns: Sequence[Pattern], meanings: Meanings) -> None:
        self.patterns = sorted(patterns, key=len, reverse=True)
        self.meanings = meanings
        #: A search for stop words only is one for the words themselves.
        self.literal = all(atom.word in FUNCTION_WORDS for pattern in patterns for atom in pattern)
        #: The numbers of patterns by their first word, and of those whose first word is a prefix.
        self.by_word: defaultdict[str, list[int]] = defaultdict(list)
        self.with_prefix: list[int] = []
        for number, (first, *_) in enumerate(self.patterns):
            self.by_word[first.word].append(number)
            self.with_prefix += [number] if first.begins else []
        self.rest = _MOST_COMPARED

    def hits(self, text: _Text) -> Iterator[Hit]:
        """Return the hits in a text, which do not overlap. Of several patterns at a token the longest one matches."""
        index = 0
        while index < len(text.tokens) and self.rest > 0:
            candidates = self._beginning_with(text.configuration, text.tokens[index].word)
            pattern = next((one for one in candidates if self._matches(one, text, index)), None)
            if pattern is None:
                index += 1
                continue
            last = index + len(pattern) - 1
            yield Hit(text.tokens[index].start, text.tokens[last].end, " ".join(atom.word for atom in pattern))
            index = last + 1

    def _beginning_with(self, configuration: str, word: str) -> Iterable[Pattern]:
        """Return the patterns whose first word may match, the longest first."""
        terms = self.meanings.get((configuration, word), ())
        numbers = [number for one in {word, *terms} for number in self.by_word.get(one, ())]
        if self.with_prefix:
            self.rest -= len(self.with_prefix)
            numbers += [number for number in self.with_prefix if word.startswith(self.patterns[number][0].word)]
        return [self.patterns[number] for number in sorted(set(numbers))]

    def _matches(self, pattern: Pattern, text: _Text, index: int) -> bool:
        self.rest -= len(pattern)
        if index + len(pattern) > len(text.tokens):
            return False
        exactly = self.literal or len(pattern) > 1
        return all(
            self._fits(atom, text.configuration, text.tokens[index + offset].word, exactly=exactly)
            for offset, atom in enumerate(pattern)
        )

    def _fits(self, atom: Atom, configuration: str, word: str, *, exactly: bool) -> bool:
        if atom.word == word and (exactly or is_unspaced(word)):
            return True
        return (atom.begins and word.startswith(atom.word)) or atom.word in self.meanings.get((configuration, word), ())


class _Window(NamedTuple):
    """The hits of a text, from `first` to before `last`, that fit in one fragment."""

    text: int
    first: int
    last: int
    terms: frozenset[str]


def best_fragments(texts: Sequence[tuple[str, str]], hits: Sequence[Sequence[Hit]], most: int = MOST) -> list[Fragment]:
    """Return the `most` fragments with the most terms, in the order of the texts, which are pairs of field and text.

    `hits` has those of each text, in order and without overlap. Of equal fragments that of the first text is taken.
    """
    windows = [window for index, of_text in enumerate(hits) for window in _windows(index, of_text[:_MOST_HITS])]
    fragments: dict[tuple[int, int], Fragment] = {}
    terms = frozenset[str]()
    while windows and len(fragments) < most:
        best = max(windows, key=partial(_rank, terms))
        of_text = hits[best.text]
        begin, end = _frame(texts[best.text][1], of_text[best.first].start, of_text[best.last - 1].end)
        fragment = _cut(*texts[best.text], begin, end, of_text)
        if all(fragment.text != other.text for other in fragments.values()):
            fragments[best.text, begin] = fragment
            terms |= best.terms
        windows = [
            one
            for one in windows
            if one.text != best.text or of_text[one.first].start >= end or of_text[one.last - 1].end <= begin
        ]
    return [fragment for _, fragment in sorted(fragments.items())]


def _windows(text: int, hits: Sequence[Hit]) -> Iterator[_Window]:
    """Return groups of hits that fit in a fragment, each hit in one of them."""
    first = 0
    while first < len(hits):
        last = bisect_left(hits, hits[first].start + LENGTH, lo=first + 1, key=lambda hit: hit.end)
        yield _Window(text, first, last, frozenset(hit.term for hit in hits[first:last]))
        first = last


def _rank(covered: frozenset[str], window: _Window) -> tuple[int, int, int, int]:
    """Return the sort key of a window: by terms that are not covered yet, then by all terms, then the earliest."""
    return len(window.terms - covered), len(window.terms), -window.text, -window.first


def _cut(field: str, text: str, begin: int, end: int, hits: Sequence[Hit]) -> Fragment:
    inside = (hit for hit in hits if hit.start >= begin and hit.end <= end)
    return Fragment(field, text[begin:end], [[hit.start - begin, hit.end - begin] for hit in inside])


def _frame(text: str, first: int, last: int) -> tuple[int, int]:
    """Return begin and end of a fragment, with the hits in its middle, and at borders of words where possible."""
    spare = max(0, LENGTH - (last - first))
    begin = max(0, min(first - spare // 2, len(text) - LENGTH))
    end = min(len(text), max(last, begin + LENGTH))
    if begin and (space := text.find(" ", begin - 1, min(first, begin + _MARGIN))) >= 0:
        begin = space + 1
    if end < len(text) and (space := text.rfind(" ", max(last, end - _MARGIN), end + 1)) >= 0:
        end = space
    return begin, end
