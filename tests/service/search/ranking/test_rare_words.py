"""The query for events with the rare words of a title."""

import psycopg
import pytest

from service.search.ranking.rare_words import Term, most_of, query_for_title
from service.store.search.common_lexemes import CommonLexemes, find_common_lexemes
from service.store.search.tsquery import Lexeme


def terms(*words: str) -> list[Term]:
    return [(Lexeme(word),) for word in words]


def common(events: int, rarest: float = 0.001, **shares: float) -> CommonLexemes:
    return CommonLexemes(events, shares, rarest)


@pytest.mark.parametrize(
    ("words", "events", "query"),
    [
        ("a", 1_000, "'a'"),
        ("a b", 1_000, "('a' & 'b')"),
        ("a b c", 1_000, "(('a' & 'b') | ('a' & 'c') | ('b' & 'c'))"),
        ("a b c", 7_500_000, "('a' & 'b' & 'c')"),  # too many events lack one
        ("a b c", 50_000_000, ""),
        ("", 1_000, ""),
    ],
)
def test_an_event_may_lack_one_of_three_words_if_few_events_do(words: str, events: int, query: str) -> None:
    assert most_of(terms(*words.split()), common(events)).render() == query


def test_common_words_alone_make_no_query() -> None:
    assert not most_of(terms("climate", "law"), common(1_000_000, climate=0.3, law=0.2))
    assert most_of(terms("solar", "law"), common(1_000_000, law=0.2))  # the index leaps over laws


def test_words_are_analyzed_in_the_language_of_the_title() -> None:
    query = query_for_title(common(1_000), ["energies", "of", "steel"], ["374"], "english")
    assert query.render() == "(('energiEN' & 'steelEN') | ('374' & ('energiEN' | 'steelEN')))"
    assert query_for_title(common(1_000), ["energies"], [], "simple").render() == "'energies'"
    assert not query_for_title(common(1_000), ["of"], [], "english")


def test_the_common_lexemes_are_those_of_the_analyzed_table(conn: psycopg.Connection) -> None:
    assert find_common_lexemes(conn).frequency("solar") == 0
    conn.execute(
        """
        INSERT INTO event_search (event_id, month, bucket, day, length, words, tsv, facets, counted)
        SELECT uuidv7(), 0, 0, '-infinity', 1, 1,
               to_tsvector('simple', concat_ws(' ', 'law', number, CASE WHEN mod(number, 4) = 0 THEN 'solar' END)),
               '{}', '{}'
          FROM generate_series(1, 400) AS number
        """
    )
    conn.execute("ANALYZE event_search")
    lexemes = find_common_lexemes(conn)
    assert lexemes.events == 400
    assert lexemes.frequency("law") == 400
    assert lexemes.frequency("solar") == 100
    assert lexemes.frequency("wind") < 100
