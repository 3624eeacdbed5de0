"""The parser of web-search expressions: required and excluded groups of words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from service.search.text.analyzer import bigrams, fold, is_unspaced, plain_words, script_runs, unify_signs
from service.search.text.codes import Code, code_of, join_codes
from service.search.text.question_words import QUESTION_WORDS
from service.search.text.variants import joined_word

#: The most words of an expression. More of them say little more.
MOST_WORDS: Final = 100

#: The shortest prefix in characters. A shorter one begins too many words.
SHORTEST_PREFIX: Final = 3

#: The most prefixes of an expression, since each matches many words. Further ones are whole words.
MOST_PREFIXES: Final = 4

#: The fewest words of a search that is a question in natural language, and the fewest that must be left of it.
_FEWEST_OF_QUESTION, _FEWEST_OF_ANSWER = 6, 2

#: The most excluded brackets inside each other. Deeper ones are ignored.
MOST_DEPTH: Final = 4

_OPERATORS: Final = frozenset({"AND", "OR", "NOT"})


class QueryWord(NamedTuple):
    """A word at its offset in a group. With `begins` every word with this beginning matches."""

    text: str
    offset: int
    begins: bool = False


@dataclass(frozen=True)
class WordGroup:
    """Words that follow each other, or stand `apart`.

    `code` is the form of the code that they are: texts without it do not have them. `compound` is the one word that
    they also are: `phase-out` is `phaseout` as well.
    """

    words: tuple[QueryWord, ...]
    code: str | None = None
    compound: str | None = None
    quoted: bool = False
    apart: bool = False

    @property
    def whole(self) -> str | None:
        """The one form by which the words are ranked, if they have one."""
        return self.code or self.compound

    @property
    def size(self) -> int:
        """The number of words; a code is one."""
        return 1 if self.code else len(self.words)

    @property
    def is_word(self) -> bool:
        """Whether it is a single word without anything special."""
        return len(self.words) == 1 and not (self.whole or self.quoted or self.words[0].begins)

    def __str__(self) -> str:
        """Return the words with spaces between them, in quotes if they were quoted."""
        text = " ".join(word.text for word in self.words)
        return f'"{text}"' if self.quoted else text


#: One of the alternatives of a condition. It requires all of its groups.
Alternative = tuple[WordGroup, ...]


@dataclass(frozen=True)
class Expression:
    """A search: one alternative of each of `required` must match, and none of the `excluded` expressions.

    `ignored` is the number of words beyond the limit.
    """

    required: tuple[tuple[Alternative, ...], ...] = ()
    excluded: tuple["Expression", ...] = ()
    ignored: int = 0

    @property
    def required_groups(self) -> Iterator[WordGroup]:
        """The groups of all alternatives."""
        return (group for alternatives in self.required for groups in alternatives for group in groups)

    @property
    def groups(self) -> Iterator[WordGroup]:
        """The required groups, and those of the excluded expressions."""
        yield from self.required_groups
        for expression in self.excluded:
            yield from expression.groups


_SIGNS: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"') | {"\u2026": ";"})
_PART: Final = re.compile(
    r'(?P<without>-+)?(?:(?P<opens>\()|"(?P<quoted>[^"]*)(?:"|$)(?P<begins>\*)?|(?P<bare>(?<![^\s(])NOT(?=\()|[^\s"]+))'
)
#: Signs between words. A comma between digits may belong to a number.
_SEPARATOR: Final = re.compile(r"[;|!?\u3001\u3002]+|,(?!\d)|(?<!\d),")
_AROUND: Final = "\"'()[]{}<>.:*\u2018\u2019"


def parse_query(text: str) -> Expression:
    """Return the expression. Every text is valid: unknown syntax is read as words, and punctuation is ignored."""
    return _Parser(text).parse()


class _Parser:
    """Reads the parts of a search in order, each once."""

    def __init__(self, text: str) -> None:
        self._parts = _PART.finditer(join_codes(unify_signs(text.translate(_SIGNS))))
        self._allowance = _Allowance()
        self._open_brackets = 0
        self._ignored = 0

    def parse(self) -> Expression:
        """Return the whole expression."""
        expression = self._expression(0)
        return replace(expression, required=_without_question_words(expression.required), ignored=self._ignored)

    def _expression(self, depth: int) -> Expression:
        """Return the expression that ends where the bracket closes that was opened last; at depth 0, with the text."""
        clauses = _Clauses()
        outside = self._open_brackets - 1
        for part in self._parts:
            self._read(part, clauses, depth)
            if depth and self._open_brackets <= outside:
                break
        return Expression(tuple(clauses.required), tuple(clauses.excluded))

    def _read(self, part: re.Match[str], clauses: "_Clauses", depth: int) -> None:
        if part["opens"]:
            self._open_brackets += 1
            if clauses.excludes(part) and depth < MOST_DEPTH:
                clauses.exclude(self._expression(depth + 1))
            return
        bare = part["bare"] or ""
        self._open_brackets += bare.count("(") - bare.count(")")
        if (operator := bare.rstrip(")")) in _OPERATORS and not part["without"]:
            clauses.join_by(operator)
        elif not self._allowance.words:
            self._ignored += 1
        else:
            clauses.add(part, tuple(self._allowance.cut(_groups(part))))


class _Clauses:
    """The conditions and exclusions of an expression so far, and the operators that wait for their word."""

    def __init__(self) -> None:
        self.required: list[tuple[Alternative, ...]] = []
        self.excluded: list[Expression] = []
        self._either = self._negated = False

    def excludes(self, part: re.Match[str]) -> bool:
        """Return whether a part is excluded, by a hyphen or by NOT."""
        return self._negated or bool(part["without"])

    def join_by(self, operator: str) -> None:
        """Let an operator hold for the next words. A second NOT cancels the first."""
        if operator == "NOT":
            self._negated = not self._negated
        else:
            self._either = operator == "OR" and bool(self.required)

    def add(self, part: re.Match[str], groups: Alternative) -> None:
        """Add the groups of a part, if it has any."""
        if not groups:
            return
        if self.excludes(part):
            self.excluded += [Expression((((group,),),)) for group in groups]
        elif self._either:
            self.required[-1] = (*self.required[-1], groups)
        elif compound := self._compound(groups):
            self.required[-1] = ((compound,),)
        else:
            self.required.append((groups,))
        self._either = self._negated = False

    def _compound(self, groups: Alternative) -> WordGroup | None:
        """Return the group of the last word and the next one if they are also one word: `waste water`."""
        before = [group for several in (self.required[-1] if self.required else ()) for group in several]
        if not (len(before) == len(groups) == 1 and before[0].is_word and groups[0].is_word):
            return None
        words = (before[0].words[0], groups[0].words[0]._replace(offset=1))
        compound = joined_word(*(word.text for word in words))
        return WordGroup(words, compound=compound, apart=True) if compound else None

    def exclude(self, inner: Expression) -> None:
        """Add an expression in brackets as an exclusion. To exclude what only excludes is to require it."""
        if inner.required:
            self.excluded.append(inner)
        elif inner.excluded:
            self.required.append(tuple(one for each in inner.excluded for several in each.required for one in several))
        self._either = self._negated = False


def _without_question_words(required: tuple[tuple[Alternative, ...], ...]) -> tuple[tuple[Alternative, ...], ...]:
    """Return the conditions of a long search without words that only make it a question, unless few are left."""
    others = tuple(alternatives for alternatives in required if not _is_question_word(alternatives))
    is_question = len(required) >= _FEWEST_OF_QUESTION and len(others) >= _FEWEST_OF_ANSWER
    return others if is_question else required


def _is_question_word(alternatives: tuple[Alternative, ...]) -> bool:
    match alternatives:
        case ((WordGroup((QueryWord(text, _, False),), code=None, quoted=False),),):
            return text in QUESTION_WORDS
        case _:
            return False


@lru_cache(maxsize=256)  # a stream counts those of its filter for each page
def count_words(text: str) -> int:
    """Return the number of words in an expression, excluded and ignored ones too."""
    expression = parse_query(text)
    return expression.ignored + sum(group.size for group in expression.groups)


def _groups(part: re.Match[str]) -> Iterator[WordGroup]:
    if part["quoted"] is not None:
        begins = bool(part["begins"]) or part["quoted"].rstrip().endswith("*")
        yield from _quoted(fold(part["quoted"]), begins=begins)
        return
    for piece in _SEPARATOR.split(part["bare"]):
        bare = piece.strip(_AROUND)
        folded = fold(bare)
        begins = piece.rstrip(_AROUND.replace("*", "")).endswith("*")
        texts = script_runs(folded)
        for number, text in enumerate(texts):
            words = _unspaced(text, 0) if is_unspaced(text) else _spaced(text)
            if begins and number == len(texts) - 1:
                words = _with_prefix(words)
            if words and (begins or len(texts) > 1):
                yield WordGroup(tuple(words))
            elif words:
                yield _whole(tuple(words), code_of(folded))


def _whole(words: tuple[QueryWord, ...], code: Code | None) -> WordGroup:
    """Return the group of the words that stand between two spaces."""
    if code is None and len(words) == 2:  # noqa: PLR2004 (words that may be one)
        return WordGroup(words, compound=joined_word(*(word.text for word in words)))
    return WordGroup(words, code.form if code else None)


def _quoted(folded: str, *, begins: bool) -> Iterator[WordGroup]:
    words: list[QueryWord] = []
    end = 0
    for text in script_runs(folded):
        words += _unspaced(text, end) if is_unspaced(text) else _spaced(text, end)
        end += len(plain_words(text))
    if begins:
        words = _with_prefix(words)
    if words:
        yield WordGroup(tuple(words), quoted=True)


def _spaced(text: str, start: int = 0) -> list[QueryWord]:
    return [QueryWord(word, offset) for offset, word in enumerate(plain_words(text), start)]


def _unspaced(run: str, start: int) -> list[QueryWord]:
    """Return the bigrams of a run without spaces. A single character is the prefix of bigrams."""
    if len(run) == 1:
        return [QueryWord(run, start, begins=True)]
    return [QueryWord(pair, offset) for offset, pair in enumerate(bigrams(run), start)]


def _with_prefix(words: list[QueryWord]) -> list[QueryWord]:
    """Return the words with the last one as a prefix, if it is long enough."""
    if not words:
        return words
    *before, last = words
    short = len(last.text) < SHORTEST_PREFIX and not is_unspaced(last.text)
    return [*before, last if short else last._replace(begins=True)]


class _Allowance:
    """The words and prefixes that an expression may still have."""

    def __init__(self) -> None:
        self.words, self.prefixes = MOST_WORDS, MOST_PREFIXES

    def cut(self, groups: Iterator[WordGroup]) -> Iterator[WordGroup]:
        """Return as much of the groups as is allowed."""
        for group in groups:
            if group.size <= self.words:
                self.words -= group.size
                yield replace(group, words=tuple(map(self._limited, group.words)))
            elif self.words:
                words = tuple(map(self._limited, group.words[: self.words]))
                self.words = 0
                yield WordGroup(words, quoted=group.quoted)

    def _limited(self, word: QueryWord) -> QueryWord:
        if not word.begins:
            return word
        self.prefixes -= 1
        return word if self.prefixes >= 0 else word._replace(begins=False)
