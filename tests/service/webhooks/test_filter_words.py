"""The words of filters: each expression is compiled once, and each document analysed once."""

from collections.abc import Sequence
from math import inf
from typing import Any

import orjson
import psycopg
import pytest

from service.errors import Invalid
from service.search.filter import Words
from service.search.text.query_compiler import CompiledWords, compile_queries
from service.store.search.documents import analyse
from service.store.search.tsvector import TsVector
from service.webhooks import filter_words
from service.webhooks.filter_words import FilterWords
from tests.records import a_record

BATTERY, MINING = Words("battery"), Words("mining -battery")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Words]:
    """The words that were compiled, in order."""
    several: list[Words] = []

    def record(conn: psycopg.Connection, words: Sequence[Words]) -> list[CompiledWords]:
        several.extend(words)
        return compile_queries(conn, words)

    monkeypatch.setattr(filter_words, "compile_queries", record)
    return several


def test_words_that_filters_share_are_compiled_once(conn: psycopg.Connection, compiled: list[Words]) -> None:
    words = FilterWords()
    assert words.refresh(conn, [BATTERY, MINING, BATTERY], languages="1", seconds=inf)
    assert words.refresh(conn, [MINING, BATTERY, Words("law")], languages="1", seconds=inf)
    assert compiled == [BATTERY, MINING, Words("law")]
    words.refresh(conn, [BATTERY], languages="2", seconds=inf)
    assert compiled[3:] == [BATTERY]


def test_a_long_compilation_continues_with_the_next_call(conn: psycopg.Connection, compiled: list[Words]) -> None:
    words, several = FilterWords(), [Words(f"word{number}") for number in range(3 * filter_words.COMPILE_BATCH)]
    assert not words.refresh(conn, several, languages="1", seconds=-1.0)
    assert compiled == []
    assert words.refresh(conn, several, languages="1", seconds=inf)
    assert compiled == several


def test_a_document_is_analysed_once_for_all_words(conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[Any] = []

    def record(conn: psycopg.Connection, document: Any) -> TsVector:
        analysed.append(document)
        return analyse(conn, document)

    monkeypatch.setattr(filter_words, "analyse", record)
    conn.execute("INSERT INTO search_language (configuration) VALUES ('english')")
    words = FilterWords()
    words.refresh(conn, [BATTERY, MINING], languages="1", seconds=inf)
    has_words = words.matcher(conn)
    documents = [orjson.dumps(a_record(title=title)) for title in ("Battery law", "Mining law")]
    assert [[has_words(document, one) for one in (BATTERY, MINING)] for document in documents] == [
        [True, False],
        [False, True],
    ]
    assert len(analysed) == 2


def test_a_document_that_cannot_be_analysed_is_no_fault_of_a_filter(conn: psycopg.Connection) -> None:
    words = FilterWords()
    words.refresh(conn, [BATTERY, Words("-battery")], languages="1", seconds=inf)
    has_words = words.matcher(conn)
    assert not any(has_words(b"{}", one) for one in (BATTERY, Words("-battery")))


def test_words_that_cannot_be_compiled_are_invalid_and_the_others_are_not(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_some(conn: psycopg.Connection, words: Sequence[Words]) -> list[CompiledWords]:
        if MINING in words:
            conn.execute("SELECT 'poison'::tsquery::integer")
        return compile_queries(conn, words)

    monkeypatch.setattr(filter_words, "compile_queries", compile_some)
    words = FilterWords()
    words.refresh(conn, [BATTERY, MINING], languages="1", seconds=inf)
    assert words.query(BATTERY)
    with pytest.raises(Invalid):
        words.query(MINING)
