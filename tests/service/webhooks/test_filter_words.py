"""The words of filters: each expression is compiled once, and each document analysed once."""

from collections.abc import Sequence
from math import inf
from typing import Any

import orjson
import pytest

from service.errors import Invalid
from service.search.filter import Words
from service.search.index.document import search_document
from service.search.text.compiled_words import CompiledWords
from service.search.text.query_compiler import compile_query
from service.store.search.documents import SearchDocument
from service.webhooks import filter_words
from service.webhooks.filter_words import FilterWords
from tests.records import a_record

BATTERY, MINING = Words("battery"), Words("mining -battery")

ENGLISH = ["english"]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Words]:
    """The words that were compiled, in order."""
    several: list[Words] = []

    def record(words: Words, languages: Sequence[str]) -> CompiledWords:
        several.append(words)
        return compile_query(words, languages)

    monkeypatch.setattr(filter_words, "compile_query", record)
    return several


def test_words_that_filters_share_are_compiled_once(compiled: list[Words]) -> None:
    words = FilterWords()
    assert words.refresh([BATTERY, MINING, BATTERY], languages=ENGLISH, seconds=inf)
    assert words.refresh([MINING, BATTERY, Words("law")], languages=ENGLISH, seconds=inf)
    assert compiled == [BATTERY, MINING, Words("law")]
    words.refresh([BATTERY], languages=[*ENGLISH, "french"], seconds=inf)
    assert compiled[3:] == [BATTERY]


def test_a_long_compilation_continues_with_the_next_call(compiled: list[Words]) -> None:
    words, several = FilterWords(), [Words(f"word{number}") for number in range(15)]
    assert not words.refresh(several, languages=ENGLISH, seconds=-1.0)
    assert compiled == []
    assert words.refresh(several, languages=ENGLISH, seconds=inf)
    assert compiled == several


def test_a_document_is_analysed_once_for_all_words(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[Any] = []

    def record(document: Any) -> SearchDocument:
        analysed.append(document)
        return search_document(document)

    monkeypatch.setattr(filter_words, "search_document", record)
    words = FilterWords()
    words.refresh([BATTERY, MINING], languages=ENGLISH, seconds=inf)
    has_words = words.matcher()
    documents = [orjson.dumps(a_record(title=title)) for title in ("Battery law", "Mining law")]
    assert [[has_words(document, one) for one in (BATTERY, MINING)] for document in documents] == [
        [True, False],
        [False, True],
    ]
    assert len(analysed) == 2


def test_a_document_that_cannot_be_analysed_is_no_fault_of_a_filter() -> None:
    words = FilterWords()
    words.refresh([BATTERY, Words("-battery")], languages=ENGLISH, seconds=inf)
    has_words = words.matcher()
    assert not any(has_words(b"{}", one) for one in (BATTERY, Words("-battery")))


def test_words_that_cannot_be_compiled_are_invalid_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_some(words: Words, languages: Sequence[str]) -> CompiledWords:
        if words == MINING:
            raise LookupError(words.text)
        return compile_query(words, languages)

    monkeypatch.setattr(filter_words, "compile_query", compile_some)
    words = FilterWords()
    words.refresh([BATTERY, MINING], languages=ENGLISH, seconds=inf)
    assert words.query(BATTERY)
    with pytest.raises(Invalid):
        words.query(MINING)
