"""Fragments: parts of texts with the most words of a search."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.search.ranking.fragments import LENGTH, MOST, Hit, best_fragments
from service.search.ranking.highlight import tokens_of


@given(st.text("aß電池가 \n", max_size=480), st.integers(0, 3), st.integers(1, MOST))
def test_fragments_are_slices_of_the_text_and_ranges_slices_of_fragments(text: str, step: int, most: int) -> None:
    hits = [Hit(token.start, token.end, token.word) for token in list(tokens_of(text))[:: step + 1]]
    fragments = best_fragments([("summary", text)], [hits], most)
    assert len(fragments) <= most
    assert bool(fragments) == bool(hits)
    words = {text[hit.start : hit.end] for hit in hits}
    for one in fragments:
        assert one.text in text
        assert one.ranges
        assert all(one.text[a:b] in words for a, b in one.ranges)
        assert all(first[1] <= second[0] for first, second in pairwise(one.ranges))
        assert len(one.text) <= LENGTH


def test_the_best_fragments_have_the_most_words() -> None:
    texts = [("summary", "one " * 100), ("description", "one two three")]
    hits = [[Hit(place * 4, place * 4 + 3, "one") for place in range(100)], [Hit(0, 3, "one"), Hit(4, 7, "two")]]
    fragments: list[Any] = best_fragments(texts, hits, 2)
    assert [(one.field, len(one.ranges)) for one in fragments] == [("summary", 40), ("description", 2)]
