"""Documents match queries here as they do in PostgreSQL, and are sent there in its own format."""

import psycopg
from hypothesis import HealthCheck, given, settings

from service.store.search.tsquery import Lexeme, TsQuery
from service.store.search.tsvector import LAST_POSITION, TEXT_BREAK, TsVector, TsVectorBuilder
from tests.service.store.search.test_tsquery import Document, any_query, as_tsvector, documents, matches


def vector_of(document: Document) -> TsVector:
    positions: dict[str, list[int]] = {}
    for position, (word, weight) in enumerate(document, start=1):
        positions.setdefault(word, []).append("DCBA".index(weight) << 14 | position)
    return TsVector(positions)


@given(query=any_query, document=documents)
def test_a_document_matches_what_the_value_matches(query: TsQuery, document: Document) -> None:
    assert vector_of(document).matches(query) == matches(document, query)


def test_a_document_that_is_missing_matches_nothing() -> None:
    everything = TsQuery(none_of=(Lexeme("a"),))
    assert (TsVector({}).matches(everything), TsVector(None).matches(everything)) == (True, False)
    assert TsVector({"a": []}).matches(TsQuery(all_of=(Lexeme("a"),)))


def sent(conn: psycopg.Connection, value: TsVector) -> str:
    """Return a value as PostgreSQL writes it."""
    [[text]] = conn.execute("SELECT (%b::tsvector[])[1]::text", ([value],)).fetchall()
    return str(text)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents)
def test_a_value_is_sent_as_postgresql_has_it(conn: psycopg.Connection, document: Document) -> None:
    [[expected]] = conn.execute("SELECT %s::tsvector::text", (as_tsvector(document),)).fetchall()
    assert sent(conn, vector_of(document)) == expected


def test_texts_stand_apart_with_marks_for_all(conn: psycopg.Connection) -> None:
    builder = TsVectorBuilder()
    builder.append([("a", "é"), (), ("b",)], "A")
    assert builder.length == 2
    builder.append([("a",), TEXT_BREAK, ("b",)], "C")
    value = builder.build(["\ua78fEN"])
    assert sent(conn, value) == "'a':1A,14C 'b':3A,26C 'é':1A '\ua78fEN'"
    assert value.length == 5


def test_a_long_text_ends_at_the_limits_of_postgresql(conn: psycopg.Connection) -> None:
    builder = TsVectorBuilder()
    builder.append([("often",)] * 300 + [(f"w{number}",) for number in range(2 * LAST_POSITION)], "C")
    builder.append([(f"w{number}", "last") for number in range(10)], "A")
    value = builder.build()
    assert sent(conn, value)
    assert len(value.positions["often"]) == 255
    assert value.positions["w1"] == [1 << 14 | 302, 3 << 14 | LAST_POSITION]
    assert len(value.positions["last"]) == 1
    builder = TsVectorBuilder()
    builder.append([(f"{number:0100}",) for number in range(LAST_POSITION)], "C")
    assert 4_000 < len(builder.build().positions) < LAST_POSITION
    assert sent(conn, builder.build())
