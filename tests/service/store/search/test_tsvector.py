"""Documents match queries here as they do in PostgreSQL."""

from hypothesis import given

from service.store.search.tsquery import Lexeme, TsQuery
from service.store.search.tsvector import TsVector
from tests.service.store.search.test_tsquery import Document, any_query, documents, matches


def vector_of(document: Document) -> TsVector:
    positions: dict[str, list[int]] = {}
    for position, (word, _) in enumerate(document):
        positions.setdefault(word, []).append(position)
    return TsVector(positions)


@given(query=any_query, document=documents)
def test_a_document_matches_what_the_value_matches(query: TsQuery, document: Document) -> None:
    unweighted = query.map_lexemes(lambda lexeme: lexeme._replace(weights=""))
    assert vector_of(document).matches(unweighted) == matches(document, unweighted)


def test_a_document_that_is_missing_matches_nothing() -> None:
    everything = TsQuery(none_of=(Lexeme("a"),))
    assert (TsVector({}).matches(everything), TsVector(None).matches(everything)) == (True, False)
    assert TsVector({"a": None}).matches(TsQuery(all_of=(Lexeme("a"),)))
