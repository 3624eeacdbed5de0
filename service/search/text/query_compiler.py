"""Searches compiled to PostgreSQL's queries: the lexemes of each word in the languages in use, joined as it was asked.

A lexeme only matches texts of its language. So what a search finds among the texts of one language does not depend on
the other languages in use.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import Final

from service.search.filter import Words
from service.search.text.compiled_words import CompiledWords, Pair, Term
from service.search.text.countries import countries_by_word
from service.search.text.languages import UNKNOWN
from service.search.text.lexemes import is_tagged, language_mark, literal, query_lexemes, source_lexeme
from service.search.text.long_queries import BestWords
from service.search.text.phrases import longest_word, phrases_of, term_phrases
from service.search.text.prefixes import with_prefix
from service.search.text.query_parser import Alternative, Expression, QueryWord, WordGroup, parse_query
from service.search.text.synonyms import NO_SYNONYMS, Synonyms, expanded_spans
from service.search.text.whole_titles import whole_titles
from service.store.search.tsquery import Lexeme, Operand, Phrase, TsQuery

#: Neighbours in a search add to the score of texts that have them at most so many words apart.
NEAR: Final = 4

#: The most pairs of neighbours.
_MOST_PAIRS: Final = 16


def compile_query(words: Words, languages: Sequence[str], synonyms: Synonyms = NO_SYNONYMS) -> CompiledWords:
    """Return the words compiled for texts in `languages`, those in use; without any for texts in unknown ones.

    Terms with `synonyms` match where one of these does.
    """
    if isinstance(words, CompiledWords):
        return words
    compiled = _Compiler(parse_query(words.text), languages, synonyms).compile(words.text)
    return replace(compiled, places=words.places, ignored=words.ignored) if isinstance(words, BestWords) else compiled


class _Compiler:
    """Compiles one expression for some languages."""

    def __init__(self, expression: Expression, languages: Sequence[str], synonyms: Synonyms) -> None:
        self.expression = expression
        self.in_use = tuple(languages)
        self.languages = self.in_use or (UNKNOWN,)
        self.positive = list(expression.required_groups)
        self._countries = countries_by_word(self.expression)
        #: The terms with synonyms by their first groups, and the synonyms of each group's term.
        self.expanded = {id(span.groups[0]): span for span in expanded_spans(expression, synonyms)}
        self.synonyms = {id(group): synonyms[span.key] for span in self.expanded.values() for group in span.groups}
        self._own_lexemes: dict[tuple[QueryWord, str], tuple[Lexeme, ...]] = {}
        #: The lexemes of all words by language.
        self._content = {language: self._content_of(language) for language in self.languages}
        # In a language in which every word of the search is a function word, the words themselves are meant, in titles.
        self.literal = {language for language, lexemes in self._content.items() if self.positive and not lexemes}

    def _content_of(self, language: str) -> tuple[Lexeme, ...]:
        several = (self._lexemes_of_group(group, language) for group in self.positive)
        return tuple(dict.fromkeys(chain.from_iterable(several)))

    def _lexemes_of_group(self, group: WordGroup, language: str) -> Iterator[Lexeme]:
        if not group.code:
            yield from chain.from_iterable(self._own(word, language) for word in group.words)
        if group.whole:
            yield from map(Lexeme, query_lexemes(group.whole, language))
        yield from self._synonym_words(group, [language])

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
            terms=tuple(term for term in self._terms() if term.lexemes),
            pairs=tuple(self._pairs()),
            whole_titles=tuple(TsQuery.all([all_words, one]) for one in whole_titles(text)) if all_words else (),
            languages=self.in_use,
            ignored=self.expression.ignored,
            quotations=tuple(text for text, _ in quotations),
            has_alternatives=any(len(alternatives) > 1 for alternatives in self.expression.required),
        )

    def _conditions(self, expression: Expression, *, excluded: bool = False) -> list[TsQuery]:
        conditions: list[TsQuery] = []
        row: list[WordGroup] = []
        for alternatives in (*expression.required, ()):
            if len(alternatives) == 1:
                row += alternatives[0]
            else:
                conditions += (*self._each(row, excluded=excluded), self._either(alternatives, excluded=excluded))
                row = []
        return list(filter(None, conditions))

    def _each(self, groups: Sequence[WordGroup], *, excluded: bool = False) -> Iterator[TsQuery]:
        """Yield the queries that must all match: one for each group, and one for a term with synonyms."""
        place = 0
        while place < len(groups):
            span = self.expanded.get(id(groups[place]))
            end = place + (len(span.groups) if span else 1)
            own = TsQuery.all(self._group(group, excluded=excluded) for group in groups[place:end])
            yield TsQuery.any([own, *self._synonym_phrases(groups[place])]) if own else own
            place = end

    def _synonym_phrases(self, group: WordGroup) -> list[Operand]:
        """Return the queries for the synonyms of the term that a group belongs to."""
        terms = self.synonyms.get(id(group), ())
        return [operand for term in terms for operand in term_phrases(term, self.languages)]

    def _synonym_words(self, group: WordGroup, languages: Iterable[str]) -> list[Lexeme]:
        """Return the lexemes by which events with the synonyms of a group's term are ranked."""
        return [lexeme for term in self.synonyms.get(id(group), ()) for lexeme in longest_word(term, languages)]

    def _excluded(self, expression: Expression) -> Iterator[TsQuery]:
        """Return the queries of which none may match."""
        for one in expression.excluded:
            if conditions := self._conditions(one, excluded=True):
                yield TsQuery.all(conditions, none_of=self._excluded(one))

    def _own(self, word: QueryWord, language: str) -> tuple[Lexeme, ...]:
        """Return the lexemes of a word in texts of a language; none of a function word."""
        key = word, language
        if key not in self._own_lexemes:
            lexemes = with_prefix(word.text, language) if word.begins else query_lexemes(word.text, language)
            self._own_lexemes[key] = (
                *((Lexeme(word.text, begins=True),) if word.begins else ()),
                *map(Lexeme, lexemes),
            )
        return self._own_lexemes[key]

    def _in(self, word: QueryWord, language: str, *, literally: bool = False) -> tuple[Lexeme, ...]:
        """Return the lexemes of a word in texts of a language. A function word has one in titles, if that is meant."""
        own = self._own(word, language)
        if own or not (literally or language in self.literal):
            return own
        return (Lexeme(literal(word.text, language)),)

    def _lexemes(self, word: QueryWord, *, literally: bool = False) -> tuple[Lexeme, ...]:
        """Return the lexemes of a word in all languages, each once."""
        several = (self._in(word, language, literally=literally) for language in self.languages)
        return tuple(dict.fromkeys(chain.from_iterable(several)))

    def _languages_without(self, word: QueryWord) -> list[str]:
        """Return the languages in which a word is ignored, because it is a function word."""
        return [language for language in self.languages if not self._in(word, language)]

    def _either(self, alternatives: Iterable[Alternative], *, excluded: bool = False) -> TsQuery:
        return TsQuery.any(TsQuery.all(self._each(groups, excluded=excluded)) for groups in alternatives)

    def _group(self, group: WordGroup, *, excluded: bool = False) -> TsQuery:
        """Return the query for a group. A text in whose language it has function words only matches if it has others.

        A group that is excluded has its function words literally.
        """
        if group.code:
            return TsQuery.any([*self._whole(group), *self._elsewhere(group)])
        if group.apart:
            words = (self._group(WordGroup((word,)), excluded=excluded) for word in group.words)
            return TsQuery.any([TsQuery.all(words), *self._whole(group), *_in_sources(group)])
        if len(group.words) > 1:
            phrases = self._phrases(group, excluded=excluded)
            return TsQuery.any([*phrases, *self._whole(group), *self._elsewhere(group)])
        [word] = group.words
        ignoring = [] if excluded else self._languages_without(word)
        others = chain.from_iterable(map(self._others, ignoring))
        return TsQuery.any([*self._lexemes(word, literally=excluded), *others, *self._elsewhere(group)])

    def _elsewhere(self, group: WordGroup) -> Iterator[Operand]:
        """Return the queries for a group in the countries of an event, and in names of its sources."""
        yield from self._country(group)
        yield from _in_sources(group)

    def _country(self, group: WordGroup) -> tuple[Lexeme, ...]:
        """Return the lexemes of the countries in whose names all words of a group stand."""
        several = [self._countries.get(word, ()) for word in group.words] if not group.quoted else [()]
        return tuple(lexeme for lexeme in several[0] if all(lexeme in others for others in several))

    def _others(self, language: str) -> tuple[Lexeme, ...]:
        """Return the lexemes of which a document has one if other words of the search stand in its texts of a language.

        Where some are the same in all languages, they are any text of the language.
        """
        content = self._content[language]
        is_known = all(is_tagged(lexeme.text) for lexeme in content)
        if not is_known:
            return (Lexeme(language_mark(language)),)
        words = (word for group in self.positive for word in group.words if self._own(word, language))
        return (*content, *chain.from_iterable(self._countries.values()), *map(_in_source, words))

    def _phrases(self, group: WordGroup, *, excluded: bool) -> Iterator[Operand]:
        """Return the phrases of a group: one for all languages with the same function words, which leave gaps.

        No text has lexemes of two languages, so that each position of the phrase may have those of several.
        """
        by_language: list[dict[int, tuple[Lexeme, ...]]] = []
        for language in self.languages:
            several = ((word.offset, self._in(word, language, literally=excluded)) for word in group.words)
            steps = {offset: lexemes for offset, lexemes in several if lexemes}
            if steps:
                by_language.append(steps)
            else:
                yield from self._others(language)
        yield from phrases_of(by_language)

    def _whole(self, group: WordGroup) -> tuple[Lexeme, ...]:
        """Return the lexemes of the code or the one word that a group is, if it is one."""
        if not group.whole:
            return ()
        lexemes = (lexeme for language in self.languages for lexeme in query_lexemes(group.whole, language))
        return tuple(dict.fromkeys(map(Lexeme, lexemes)))

    def _terms(self) -> list[Term]:
        """Return the words to rank by, each once, in the order of the search."""
        terms: dict[tuple[Lexeme, ...], Term] = {}
        for group in self.positive:
            synonyms, synonym_words = self._synonym_phrases(group), self._synonym_words(group, self.languages)
            for word, own, own_query, in_source in self._words_to_rank(group):
                # Without positions a document frequency is counted by the index alone.
                query = TsQuery.any([own_query, *(TsQuery.all([one]).without_order() for one in synonyms)])
                lexemes = tuple(dict.fromkeys([*own, *synonym_words]))
                before = terms.get(lexemes)
                times = before.times + 1 if before else 1
                terms[lexemes] = Term(word, query, lexemes, times, in_source)
        return list(terms.values())

    def _words_to_rank(self, group: WordGroup) -> Iterator[tuple[str, tuple[Lexeme, ...], TsQuery, TsQuery]]:
        """Return the words of a group with their lexemes and queries, in texts and in sources.

        A code or joined word is one.
        """
        if group.whole:
            yield group.whole, self._whole(group), self._group(group), TsQuery.any(_in_sources(group))
            return
        country = self._country(group)
        for word in group.words:
            lexemes = (*self._lexemes(word), *country)
            marks = (Lexeme(language_mark(language)) for language in self._languages_without(word))
            yield word.text, lexemes, TsQuery.any([*lexemes, *marks]), TsQuery.any([_in_source(word)])

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
                [TsQuery.any([self._group(group), *self._synonym_phrases(group)])]
                if group.whole
                else [
                    TsQuery.any([*self._lexemes(word), *self._country(group), *self._synonym_phrases(group)])
                    for word in group.words
                ]
            )
        }
        words.discard(TsQuery())
        if len(words) < 2:  # noqa: PLR2004 (one word is all of them)
            return None
        return TsQuery.all([TsQuery.any(sorted(words, key=lambda query: query.render())), *quoted], none_of=excluded)

    def _pairs(self) -> Iterator[Pair]:
        """Return the neighbours in the search, in some language; function words between them do not count."""
        row = list(self._row())
        pairs: dict[tuple[int, int], tuple[QueryWord, QueryWord]] = {}
        for language in self.languages:
            content = [(place, word) for place, word in row if self._own(word, language)]
            neighbours = pairwise(content)
            pairs |= {(here, there): (one, other) for (here, one), (there, other) in neighbours if there - here <= NEAR}
        distinct = [
            (there - here, words, one, other)
            for (here, there), words in sorted(pairs.items())
            if (one := self._lexemes(words[0])) != (other := self._lexemes(words[1]))
        ]
        for gap, (first, second), one, other in distinct[:_MOST_PAIRS]:
            beside = Phrase((one, other), (gap,))
            near = (Phrase(steps, (gap,)) for gap in range(1, NEAR + 1) for steps in ((one, other), (other, one)))
            yield Pair((first.text, second.text), TsQuery.all([beside]), TsQuery.any(near))

    def _row(self) -> Iterator[tuple[int, QueryWord]]:
        """Return the words of the search with their places. Words far from each other are no neighbours."""
        end = 0
        for alternatives in self.expression.required:
            groups = alternatives[0] if len(alternatives) == 1 else ()
            for group in groups:
                if not group.whole:
                    yield from ((end + word.offset, word) for word in group.words)
                end += group.words[-1].offset + 1
            end += 0 if groups else NEAR


def _in_sources(group: WordGroup) -> Iterator[Operand]:
    """Return the queries for a group in what names a source, where every word stands as it is written."""
    if group.whole:
        yield Lexeme(source_lexeme(group.whole))
    steps = tuple((_in_source(word),) for word in group.words)
    distances = tuple(behind.offset - before.offset for before, behind in pairwise(group.words))
    yield Phrase(steps, distances) if distances else steps[0][0]


def _in_source(word: QueryWord) -> Lexeme:
    return Lexeme(source_lexeme(word.text), begins=word.begins)
