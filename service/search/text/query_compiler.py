"""Searches compiled to PostgreSQL's queries: the stems of each word in the languages in use, joined as it was asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from psycopg import Connection

from service.search.filter import Words
from service.search.text.analyzer import MARK, literal
from service.search.text.query_parser import Alternative, Expression, QueryWord, WordGroup, parse_query
from service.store.search.tsquery import Lexeme, Operand, Phrase, TsQuery
from service.store.search.words import find_stems

#: Neighbours in a search add to the score of texts that have them at most so many words apart.
NEAR: Final = 4

#: The most pairs of neighbours.
_MOST_PAIRS: Final = 16

#: Endings that a stemmer removes: `sustainab*` must match `sustainable`, whose stem is `sustain`.
_ENDINGS: Final = (
    "", "a", "able", "al", "ally", "ance", "ation", "cia", "cion", "dad", "e", "ed", "en", "er", "es", "ility", "ing",
    "ion", "ions", "ite", "ity", "keit", "le", "lich", "ly", "ment", "n", "ness", "o", "on", "ons", "os", "ous", "s",
    "te", "tion", "ung", "ungen", "ve", "y",
)  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A word by which events are ranked, and how many times the search has it.

    `query` matches the events that have the word, and those in whose language it is a stop word: its document
    frequency. `lexemes` are the stems that count, one for each.
    """

    word: str
    query: TsQuery
    lexemes: tuple[Lexeme, ...]
    times: int

    @property
    def begins(self) -> bool:
        """Whether it is the beginning of words."""
        return any(lexeme.begins for lexeme in self.lexemes)


@dataclass(frozen=True)
class Pair:
    """Two neighbours in a search: `beside` matches them in that order, `near` near each other in either order."""

    words: tuple[str, str]
    beside: TsQuery
    near: TsQuery


@dataclass(frozen=True)
class CompiledWords(Words):
    """A web-search expression as queries.

    `all_words` matches the events that the expression means; it is empty where nothing can match. `any_word` matches
    those with part of the words as well, None where that is no more: they have all that is `quoted`, and nothing that
    is `excluded`.
    """

    all_words: TsQuery
    any_word: TsQuery | None = None
    quoted: tuple[TsQuery, ...] = ()
    excluded: tuple[Operand, ...] = ()
    terms: tuple[Term, ...] = ()
    pairs: tuple[Pair, ...] = ()
    languages: tuple[str, ...] = ()
    #: The number of words that were not read because there were too many.
    ignored: int = 0
    #: The text of each of `quoted`, with its quotes.
    quotations: tuple[str, ...] = ()
    #: Whether events may match that lack some of the terms: the expression has OR.
    has_alternatives: bool = False
    #: The queries of several expressions, one of which must match: an index is faster with a condition for each.
    alternatives: tuple[TsQuery, ...] = ()


def compile_query(conn: Connection, words: Words, *, languages: Sequence[str] | None = None) -> CompiledWords:
    """Return the words compiled for the languages in use, or for `languages`."""
    return compile_queries(conn, [words], languages=languages)[0]


def compile_queries(
    conn: Connection, searches: Sequence[Words], *, languages: Sequence[str] | None = None
) -> list[CompiledWords]:
    """Return each of the searches compiled, by one statement for all that are not compiled yet."""
    new = {words: parse_query(words.text) for words in searches if not isinstance(words, CompiledWords)}
    looked_up = {word for expression in new.values() for word in _looked_up(expression)}
    stems = find_stems(conn, sorted(looked_up), languages) if new else {}
    compiled = {words: _Compiler(expression, stems).compile(words.text) for words, expression in new.items()}
    return [words if isinstance(words, CompiledWords) else compiled[words] for words in searches]


def conjunction(searches: Sequence[CompiledWords]) -> CompiledWords:
    """Return the condition that all of several searches match. Nothing is ranked by it."""
    queries = [words.all_words for words in searches]
    return _joint(searches, TsQuery.all(queries) if all(queries) else TsQuery())


def disjunction(searches: Sequence[CompiledWords]) -> CompiledWords:
    """Return the condition that one of several searches matches. Nothing is ranked by it."""
    alternatives = tuple(words.all_words for words in searches if words.all_words)
    return _joint(searches, TsQuery.any(alternatives), alternatives)


def _joint(
    searches: Sequence[CompiledWords], all_words: TsQuery, alternatives: tuple[TsQuery, ...] = ()
) -> CompiledWords:
    return CompiledWords(
        " ".join(words.text for words in searches),
        all_words,
        languages=searches[0].languages,
        ignored=sum(words.ignored for words in searches),
        alternatives=alternatives,
    )


#: The stem of each word by configuration in use; None for a stop word.
Stems = Mapping[str, Mapping[str, str | None]]


def _looked_up(expression: Expression) -> Iterator[str]:
    """Return every word whose stems the compiler needs."""
    for group in expression.groups:
        for one in group.words:
            yield one.text
            yield literal(one.text)
            if one.begins:
                yield from (one.text + ending for ending in _ENDINGS)
        if group.code:
            yield group.code


class _Compiler:
    """Compiles one expression with the stems of its words."""

    def __init__(self, expression: Expression, stems: Stems) -> None:
        self.expression = expression
        self.stems = stems
        self.positive = list(expression.required_groups)
        words = {one.text for group in self.positive for one in group.words}
        words |= {group.code for group in self.positive if group.code}
        #: The lexemes and the query of each word, which several parts of the result need.
        self._lexemes_of: dict[QueryWord, tuple[Lexeme, ...]] = {}
        self._query_of: dict[QueryWord, TsQuery] = {}
        # In a language in which every word of the search is a stop word, the words themselves are meant, in titles.
        self.literal = {name for name, of_words in stems.items() if words and not any(map(of_words.get, words))}

    def compile(self, text: str) -> CompiledWords:
        """Return the whole expression, which was written as `text`."""
        conditions = self._conditions(self.expression)
        excluded = tuple(self._excluded(self.expression))
        quotations = list(self._quotations())
        quoted = tuple(query for _, query in quotations)
        is_possible = conditions or not self.expression.required
        all_words = TsQuery.all(conditions, none_of=excluded) if is_possible else TsQuery()
        return CompiledWords(
            text=text,
            all_words=all_words,
            any_word=self._any_word(quoted, excluded) if all_words else None,
            quoted=quoted,
            excluded=excluded,
            terms=tuple(self._terms()),
            pairs=tuple(self._pairs()),
            languages=tuple(self.stems),
            ignored=self.expression.ignored,
            quotations=tuple(text for text, _ in quotations),
            has_alternatives=any(len(alternatives) > 1 for alternatives in self.expression.required),
        )

    def _conditions(self, expression: Expression) -> list[TsQuery]:
        return [condition for several in expression.required if (condition := self._either(several))]

    def _excluded(self, expression: Expression) -> Iterator[TsQuery]:
        """Return the queries of which none may match."""
        for one in expression.excluded:
            if conditions := self._conditions(one):
                yield TsQuery.all(conditions, none_of=self._excluded(one))

    def _either(self, alternatives: Iterable[Alternative]) -> TsQuery:
        return TsQuery.any(TsQuery.all(map(self._group, groups)) for groups in alternatives)

    def _group(self, group: WordGroup) -> TsQuery:
        """Return the query for a group; an empty one where all its words are stop words in every language."""
        [first, *others] = group.words
        if not others:
            return TsQuery.any([self._word(first), *self._code(group)])
        return TsQuery.any([*(self._phrase(group, language) for language in self.stems), *self._code(group)])

    def _word(self, word: QueryWord) -> TsQuery:
        """Return the query for a word by itself. Every text in a language that has it as a stop word matches."""
        if word not in self._query_of:
            lexemes = self._lexemes(word)
            marks = (Lexeme(MARK + language) for language in self._stopping(word)) if lexemes else ()
            self._query_of[word] = TsQuery.any([*lexemes, *marks])
        return self._query_of[word]

    def _stopping(self, word: QueryWord) -> list[str]:
        """Return the languages in which a word is a stop word."""
        return [name for name in self.stems if name not in self.literal and self._stem(word.text, name) is None]

    def _phrase(self, group: WordGroup, language: str) -> Operand:
        """Return the phrase of a group in one language, with a gap for each stop word; an empty query if all are."""
        stems = [(word, self._stem(word.text, language)) for word in group.words]
        words = [(word, stem) for word, stem in stems if stem is not None]
        if not words or (group.code and len(words) < len(stems)):
            return TsQuery()  # `u.s.` is not every `u`
        steps = tuple(
            tuple(dict.fromkeys([Lexeme(stem, begins=word.begins), *self._shorter_stems(word, language)]))
            for word, stem in words
        )
        if len(steps) == 1:
            return TsQuery.any(steps[0])
        offsets = [word.offset for word, _ in words]
        return Phrase(steps, tuple(behind - before for before, behind in pairwise(offsets)))

    def _shorter_stems(self, word: QueryWord, language: str) -> Iterator[Lexeme]:
        """Return, for a prefix, the stems of words with that prefix which do not have it themselves."""
        if word.begins:
            stems = {self.stems[language][word.text + ending] for ending in _ENDINGS}
            yield from (Lexeme(stem) for stem in sorted(filter(None, stems)) if not stem.startswith(word.text))

    def _code(self, group: WordGroup) -> list[Lexeme]:
        return [Lexeme(stem) for stem in self._all_stems(group.code)] if group.code else []

    def _stem(self, word: str, language: str) -> str | None:
        return self.stems[language][literal(word) if language in self.literal else word]

    def _all_stems(self, word: str) -> list[str]:
        """Return the stems of a word in all languages, each once."""
        stems = (self._stem(word, language) for language in self.stems)
        return list(dict.fromkeys(stem for stem in stems if stem is not None))

    def _lexemes(self, word: QueryWord) -> tuple[Lexeme, ...]:
        """Return the lexemes of a word, one for each stem."""
        if word not in self._lexemes_of:
            self._lexemes_of[word] = self._find_lexemes(word)
        return self._lexemes_of[word]

    def _find_lexemes(self, word: QueryWord) -> tuple[Lexeme, ...]:
        if not word.begins:
            return tuple(map(Lexeme, self._all_stems(word.text)))
        shorter = [lexeme for language in self.stems for lexeme in self._shorter_stems(word, language)]
        return tuple(dict.fromkeys([Lexeme(word.text, begins=True), *shorter]))

    def _terms(self) -> list[Term]:
        """Return the words to rank by, each once, in the order of the search."""
        terms: dict[tuple[Lexeme, ...], Term] = {}
        for group in self.positive:
            words = [(one.text, self._lexemes(one), self._word(one)) for one in group.words]
            if group.code and (code := tuple(self._code(group))):
                words.append((group.code.replace(MARK, " "), code, TsQuery.any(code)))
            for word, lexemes, query in words:
                if lexemes:
                    before = terms.get(lexemes)
                    terms[lexemes] = Term(word, query, lexemes, before.times + 1 if before else 1)
        return list(terms.values())

    def _quotations(self) -> Iterator[tuple[str, TsQuery]]:
        """Return the text and the query of each condition with a quoted phrase."""
        for alternatives in self.expression.required:
            groups = [group for groups in alternatives for group in groups]
            if any(group.quoted for group in groups) and (query := self._either(alternatives)):
                yield " OR ".join(map(str, groups)), query

    def _any_word(self, quoted: Sequence[Operand], excluded: Sequence[Operand]) -> TsQuery | None:
        """Return the query for events with some of the words, all that is quoted and nothing that is excluded."""
        loose = [group for group in self.positive if not group.quoted]
        if any(group.quoted for group in self.positive):
            return TsQuery.all(quoted, none_of=excluded) if loose else None
        words = {
            query
            for group in loose
            for query in (
                [self._group(group)] if group.code else [TsQuery.any(self._lexemes(word)) for word in group.words]
            )
            if query
        }
        if len(words) < 2:  # noqa: PLR2004 (one word is all of them)
            return None
        return TsQuery.all([TsQuery.any(sorted(words, key=lambda query: query.render())), *quoted], none_of=excluded)

    def _pairs(self) -> Iterator[Pair]:
        """Return the neighbours in the search; stop words between them do not count."""
        row: list[tuple[int, QueryWord, tuple[Lexeme, ...]]] = []
        end = 0
        for alternatives in self.expression.required:
            groups = alternatives[0] if len(alternatives) == 1 else ()
            for group in groups:
                words = ((end + word.offset, word, self._lexemes(word)) for word in group.words)
                row += [one for one in words if one[2] and not self._stopping(one[1])]
                end += group.words[-1].offset + 1
            end += 0 if groups else NEAR
        neighbours = [(one, other) for one, other in pairwise(row) if one[2] != other[2] and other[0] - one[0] <= NEAR]
        for (here, first, one), (there, second, other) in neighbours[:_MOST_PAIRS]:
            beside = Phrase((one, other), (there - here,))
            near = (Phrase(steps, (gap,)) for gap in range(1, NEAR + 1) for steps in ((one, other), (other, one)))
            yield Pair((first.text, second.text), TsQuery.all([beside]), TsQuery.any(near))
