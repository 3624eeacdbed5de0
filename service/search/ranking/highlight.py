"""Highlights: the fragments of an event's texts that have the words of a search, found by the analyzer's rules."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from service.search.filter import Filter, positive_words
from service.search.index.document import distinct_passages, with_languages
from service.search.ranking.fragments import Fragment, Hit, best_fragments
from service.search.text.analyzer import INITIALS, INVISIBLE, WORD, fold, is_unspaced, plain_words
from service.search.text.codes import codes_in
from service.search.text.languages import ENGLISH
from service.search.text.lexemes import query_lexemes, text_lexemes
from service.search.text.query_parser import WordGroup, parse_query
from service.search.text.variants import joined_words

Record = Mapping[str, Any]

#: The most characters of an event, and of all events on a page, in which words are highlighted.
_MOST_CHARACTERS, _MOST_OF_PAGE = 20_000, 1_000_000

#: The most words of a page that are compared with patterns, at 0.3 us each.
_MOST_COMPARED = 2_000_000

#: A word in its spelling, with combining accents and invisible characters inside, which folding removes.
_LETTERS = f"(?:{WORD.pattern}|[\u0300-\u036f])+"
_PIECE = re.compile(f"{INITIALS}|{_LETTERS}(?:[{INVISIBLE}]+{_LETTERS})*")

#: The pieces of texts whose tokens are cached, since most words of a page are there many times.
_CACHED = 65_536


class Token(NamedTuple):
    """A folded word, or a character of a script without spaces, from `start` to before `end`."""

    word: str
    start: int
    end: int


class Whole(NamedTuple):
    """A code, or two words that are also one, from the character `start` to before `end`, and its last token."""

    word: str
    start: int
    end: int
    last: int


class Atom(NamedTuple):
    """A token of a search. With `begins` every word with this beginning matches."""

    word: str
    begins: bool = False


#: Atoms that follow each other.
Pattern = tuple[Atom, ...]


class _Text(NamedTuple):
    path: str
    text: str
    language: str
    is_title: bool
    tokens: Sequence[Token]
    #: The codes and joined words by the token with which they begin.
    wholes: Mapping[int, Sequence[Whole]]


def highlight(filter: Filter, records: Sequence[Record], synonyms: Iterable[str] = ()) -> list[list[Fragment]]:
    """Return, for each record, the fragments with the words of a filter, or with their `synonyms`."""
    patterns = list(dict.fromkeys([*_patterns(filter), *_synonym_patterns(synonyms)]))
    if not patterns:
        return [[] for _ in records]
    most = min(_MOST_CHARACTERS, _MOST_OF_PAGE // max(1, len(records)))
    highlighter = _Highlighter(patterns)
    return [_fragments(highlighter, list(_texts(record, most))) for record in records]


def _fragments(highlighter: "_Highlighter", texts: Sequence[_Text]) -> list[Fragment]:
    hits = [list(highlighter.hits(text)) for text in texts]
    return best_fragments([(text.path, text.text) for text in texts], hits)


def _patterns(filter: Filter) -> Iterator[Pattern]:
    for words in positive_words(filter):
        for group in parse_query(words.text).required_groups:
            if group.whole:
                yield (Atom(group.whole),)
            if group.apart:
                yield from ((Atom(word.text),) for word in group.words)
            elif not group.code:
                yield _atoms(group)


def _synonym_patterns(synonyms: Iterable[str]) -> Iterator[Pattern]:
    for synonym in synonyms:
        yield from map(_atoms, parse_query('"' + synonym.replace('"', " ") + '"').required_groups)


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
    folded = fold(piece)
    words = plain_words(folded)
    if len(words) == 1 and not is_unspaced(words[0]):
        return ((words[0], 0, len(piece)),)
    if len(folded) == len(piece) and "".join(words) == folded and len(words) == 2:  # noqa: PLR2004 (letters and digits)
        return ((words[0], 0, len(words[0])), (words[1], len(words[0]), len(piece)))
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


class _FoldedCharacters(dict[int, str]):
    """The characters by code, folded where that is one character, so that places in a text stay the same."""

    def __missing__(self, code: int) -> str:
        folded = fold(chr(code))
        self[code] = character = folded if len(folded) == 1 else chr(code)
        return character


_FOLDED_CHARACTERS = _FoldedCharacters()


def _wholes(text: str, tokens: Sequence[Token], language: str) -> Mapping[int, Sequence[Whole]]:
    """Return the codes and joined words of a text by the token with which they begin."""
    wholes: defaultdict[int, list[Whole]] = defaultdict(list)
    for code in codes_in(text if text.isascii() else text.translate(_FOLDED_CHARACTERS)):
        first = bisect_left(tokens, code.start, key=lambda token: token.start)
        last = bisect_left(tokens, code.end, key=lambda token: token.start) - 1
        if last >= first:
            wholes[first] += [Whole(form, code.start, code.end, last) for form in (code.form, *code.others)]
    if language == ENGLISH:
        for first, compound in joined_words([token.word for token in tokens]):
            wholes[first].append(Whole(compound, tokens[first].start, tokens[first + 1].end, first + 1))
    return wholes


def _texts(record: Record, most: int) -> Iterator[_Text]:
    """Return the texts of a record, of `most` characters together."""
    rest = most
    for passage, language in with_languages(distinct_passages(record)):
        text = passage.text[:rest]
        rest -= len(text)
        tokens = list(tokens_of(text))
        yield _Text(passage.path, text, language, passage.weight == "A", tokens, _wholes(text, tokens, language))
        if not rest:
            return


class _Highlighter:
    """Finds patterns in texts, until it has compared so many words that the rest would take too long."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = patterns
        self.rest = _MOST_COMPARED
        self._by_language: dict[str, _LanguagePatterns] = {}

    def hits(self, text: _Text) -> Iterator[Hit]:
        """Return the hits in a text, which do not overlap. Of several patterns at a token the longest one matches."""
        if text.language not in self._by_language:
            self._by_language[text.language] = _LanguagePatterns(self.patterns, text.language)
        patterns = self._by_language[text.language]
        if patterns.literal and not text.is_title:
            return
        index = 0
        while index < len(text.tokens) and self.rest > 0:
            whole = next((one for one in text.wholes.get(index, ()) if patterns.have(one.word)), None)
            if whole:
                yield Hit(whole.start, whole.end, whole.word)
                index = whole.last + 1
                continue
            candidates = patterns.beginning_with(text.tokens[index].word)
            self.rest -= len(patterns.with_prefix) + sum(map(len, candidates))
            pattern = next((one for one in candidates if patterns.match(one, text.tokens, index)), None)
            if pattern is None:
                index += 1
                continue
            last = index + len(pattern) - 1
            yield Hit(text.tokens[index].start, text.tokens[last].end, " ".join(atom.word for atom in pattern))
            index = last + 1


class _LanguagePatterns:
    """The patterns as they match in texts of one language."""

    def __init__(self, patterns: Sequence[Pattern], language: str) -> None:
        self.language = language
        self.lexemes = {atom: frozenset(query_lexemes(atom.word, language)) for one in patterns for atom in one}
        #: A search for function words only is one for the words themselves, in titles.
        self.literal = not any(self.lexemes.values())
        distinct = dict.fromkeys([*patterns, *filter(None, map(self._trimmed, patterns))])
        self.patterns = sorted(distinct, key=len, reverse=True)
        #: The numbers of patterns by the lexemes of their first word, by that word, and of those that it begins.
        self.by_lexeme: defaultdict[str, list[int]] = defaultdict(list)
        self.by_word: defaultdict[str, list[int]] = defaultdict(list)
        self.with_prefix: list[int] = []
        for number, (first, *_) in enumerate(self.patterns):
            self.with_prefix += [number] if first.begins else []
            self.by_word[first.word].append(number)
            for lexeme in self.lexemes[first]:
                self.by_lexeme[lexeme].append(number)

    def beginning_with(self, word: str) -> list[Pattern]:
        """Return the patterns whose first word may match, the longest first."""
        numbers = {number for lexeme in text_lexemes(word, self.language) for number in self.by_lexeme.get(lexeme, ())}
        numbers.update(self.by_word.get(word, ()))
        numbers.update(one for one in self.with_prefix if word.startswith(self.patterns[one][0].word))
        return [self.patterns[number] for number in sorted(numbers)]

    def have(self, whole: str) -> bool:
        """Return whether a pattern is a code or a joined word in any of its spellings."""
        single = (pattern[0] for pattern in self.beginning_with(whole) if len(pattern) == 1)
        return any(self._fits(atom, whole, literally=False) for atom in single)

    def match(self, pattern: Pattern, tokens: Sequence[Token], index: int) -> bool:
        """Return whether a pattern matches the tokens from `index` on."""
        last = len(pattern) - 1
        return index + last < len(tokens) and all(
            (
                self.lexemes[atom] == frozenset() and 0 < offset < last and not self.literal
            )  # a gap, which any word fills
            or self._fits(atom, tokens[index + offset].word, literally=self.literal or last > 0)
            for offset, atom in enumerate(pattern)
        )

    def _fits(self, atom: Atom, word: str, *, literally: bool) -> bool:
        if (literally and atom.word == word) or (atom.begins and word.startswith(atom.word)):
            return True
        return not self.lexemes[atom].isdisjoint(text_lexemes(word, self.language))

    def _trimmed(self, pattern: Pattern) -> Pattern:
        """Return a pattern without function words at its ends."""
        content = [place for place, atom in enumerate(pattern) if self.lexemes[atom]]
        return pattern[content[0] : content[-1] + 1] if content else ()
