"""Queries as values: their text, their parts, and that PostgreSQL matches what the value says."""

from collections.abc import Callable, Sequence

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.store.search.tsquery import Lexeme, Operand, Phrase, TsQuery

A, B, C, D, E = map(Lexeme, "abcde")

#: A document: its words in order, each with its weight.
Document = Sequence[tuple[str, str]]

#: Words that begin as others do, and some with signs that mean something in a query.
WORDS = ["a", "ab", "abc", "b", "b'", "b\\", "(&", "ꞏenglish"]

words = st.sampled_from(WORDS)
lexemes = st.builds(Lexeme, words, begins=st.booleans(), weights=st.sampled_from(["", "", "", "A", "BC"]))


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    """Two or three steps."""
    steps = draw(st.lists(st.lists(lexemes, min_size=1, max_size=2).map(tuple), min_size=2, max_size=3))
    distances = draw(st.lists(st.integers(1, 3), min_size=len(steps) - 1, max_size=len(steps) - 1))
    return Phrase(tuple(steps), tuple(distances))


def queries(operands: st.SearchStrategy[Operand]) -> st.SearchStrategy[TsQuery]:
    """Queries of some operands, at least one of them."""
    several = st.lists(operands, max_size=3).map(tuple)
    return st.builds(TsQuery, several, several, several).filter(bool)


any_query = queries(st.recursive(lexemes | phrases(), queries, max_leaves=8))
documents = st.lists(st.tuples(words, st.sampled_from("ABCD")), max_size=6)


def matches(document: Document, operand: Operand) -> bool:
    """Return what the value says of a document."""
    match operand:
        case TsQuery(all_of, any_of, none_of):
            return (
                bool(operand)
                and all(matches(document, one) for one in all_of)
                and (not any_of or any(matches(document, one) for one in any_of))
                and not any(matches(document, one) for one in none_of)
            )
        case Lexeme():
            return bool(positions(document, [operand]))
        case Phrase(steps, distances):
            first, *others = steps
            ends = positions(document, first)
            for distance, step in zip(distances, others, strict=True):
                ends = {end + distance for end in ends} & positions(document, step)
            return bool(ends)


def positions(document: Document, step: Sequence[Lexeme]) -> set[int]:
    """Return where one of the lexemes of a step stands."""
    return {
        position
        for position, (word, weight) in enumerate(document)
        for lexeme in step
        if word.startswith(lexeme.text) and (lexeme.begins or word == lexeme.text)
        if not lexeme.weights or weight in lexeme.weights
    }


def as_tsvector(document: Document) -> str:
    """Return a document as PostgreSQL reads it."""
    return " ".join(
        f"{Lexeme(word).render()}:{position}{weight}" for position, (word, weight) in enumerate(document, start=1)
    )


one_database = settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@one_database
@given(query=any_query, several=st.lists(documents, min_size=1, max_size=5))
@example(query=TsQuery(), several=[[], [("a", "A")]])
@example(query=TsQuery(none_of=(TsQuery(none_of=(A,)),)), several=[[], [("a", "A")]])
def test_postgresql_matches_the_documents_that_the_value_matches(
    conn: psycopg.Connection, query: TsQuery, several: list[Document]
) -> None:
    rows = conn.execute(
        """
        SELECT tsvector::tsvector @@ %(query)s::tsquery,
               (SELECT bool_and(tsvector::tsvector @@ part::tsquery) FROM unnest(%(parts)s::text[]) AS part)
          FROM unnest(%(documents)s::text[]) WITH ORDINALITY AS given (tsvector, place)
         ORDER BY place
        """,
        {
            "query": query,
            "parts": [part.render() for part in query.conjuncts],
            "documents": list(map(as_tsvector, several)),
        },
    )
    assert rows.fetchall() == [(matches(document, query),) * 2 for document in several]


@given(query=any_query, document=documents)
def test_every_match_matches_the_required_queries(query: TsQuery, document: Document) -> None:
    assert query.matches_empty == matches([], query)
    assert not any(part.matches_empty for part in query.required)
    if matches(document, query):
        assert all(matches(document, part) for part in query.required)


@given(operands=st.lists(any_query | lexemes | phrases(), max_size=3), document=documents)
def test_joined_queries_match_as_their_operands_do(operands: list[Operand], document: Document) -> None:
    results = [matches(document, one) for one in operands]
    assert matches(document, TsQuery.all(operands)) == (bool(operands) and all(results))
    assert matches(document, TsQuery.any(operands)) == any(results)
    assert TsQuery.all([TsQuery.all([TsQuery.any(operands)])]) == TsQuery.any(operands)


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        (TsQuery(), [""]),
        (TsQuery((A,)), ["'a'"]),
        (TsQuery((A, B)), ["'a'", "'b'"]),
        (TsQuery((), (A, B)), ["('a' | 'b')"]),
        (TsQuery((Phrase(((A,), (B,)), (1,)),)), ["('a' <1> 'b')"]),
        (TsQuery(none_of=(A, B)), ["(!'a' & !'b')"]),
        (
            TsQuery((TsQuery((), (A, Lexeme("x"))), B), (), (C, Phrase(((D,), (E,)), (1,)))),
            ["(('a' | 'x') & !'c' & !('d' <1> 'e'))", "'b'"],
        ),
        (TsQuery((TsQuery(none_of=(A, B)), C)), ["('c' & (!'a' & !'b'))"]),
        (
            TsQuery((Lexeme("a(&"), Lexeme("b') & ", begins=True), Lexeme("c\\"))),
            ["'a(&'", "'b'') & ':*", "'c\\\\'"],
        ),
        (TsQuery((), (TsQuery((A, B)), TsQuery((C, D)))), ["(('a' & 'b') | ('c' & 'd'))"]),
    ],
)
def test_words_that_must_all_match_are_conditions_of_their_own(query: TsQuery, parts: list[str]) -> None:
    assert [part.render() for part in query.conjuncts] == parts


def test_every_lexeme_can_be_changed() -> None:
    query = TsQuery((A, TsQuery((), (B, C))), (), (Phrase(((D, E), (A,)), (2,)),))
    assert [lexeme.text for lexeme in query.lexemes()] == ["a", "b", "c", "d", "e", "a"]
    upper: Callable[[Lexeme], Lexeme] = lambda lexeme: Lexeme(lexeme.text.upper())  # noqa: E731 (it is typed so)
    assert query.map_lexemes(upper).render() == "('A' & ('B' | 'C') & !(('D' | 'E') <2> 'A'))"


def test_without_order_the_words_of_phrases_stand_anywhere() -> None:
    phrase = Phrase(((Lexeme("a"),), (Lexeme("b"), Lexeme("c", begins=True))), (1,))
    query = TsQuery((phrase,), (Lexeme("d"), phrase), (Lexeme("e"),))
    assert query.without_order().render() == "(('a' & ('b' | 'c':*)) & ('d' | ('a' & ('b' | 'c':*))) & !'e')"


@given(query=any_query, several=st.lists(documents, min_size=1, max_size=3))
def test_without_words_that_no_document_has_the_same_documents_match(query: TsQuery, several: list[Document]) -> None:
    absent = set(WORDS).difference(word for document in several for word, _ in document)
    assert [matches(one, query.without(absent)) for one in several] == [matches(one, query) for one in several]


def test_one_alternative_stays_where_no_document_has_any() -> None:
    phrase = Phrase(((A, B), (C, D)), (1,))
    query = TsQuery.all([TsQuery.any([A, B, C]), phrase], none_of=[TsQuery.any([D, E])])
    assert query.without("abd").render() == "('c' & ('a' <1> 'c') & !'e')"
