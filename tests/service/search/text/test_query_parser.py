"""Web-search expressions, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search.text.query_parser import MOST_WORDS, Expression, Group, parse


def told(expression: Expression) -> str:
    """An expression in one line: ways by `|`, groups of a way by `+`, words of a group by their places."""
    required = [" | ".join("+".join(map(_group, way)) for way in ways) for ways in expression.required]
    return " & ".join(required + [f"!{_group(group)}" for group in expression.excluded])


def _group(group: Group) -> str:
    words = " ".join(f"{place.word}{'*' if place.begins else ''}@{place.offset}" for place in group.places)
    return f'"{words}"' if group.quoted else f"({words})"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("battery regulation", "(battery@0) & (regulation@0)"),
        ('"sodium ion" battery', '"sodium@0 ion@1" & (battery@0)'),
        ("\u201csodium ion\u201d", '"sodium@0 ion@1"'),
        ("sodium-ion", "(sodium@0 ion@1)"),
        ("a OR b c", "(a@0) | (b@0) & (c@0)"),
        ("OR a OR", "(a@0)"),
        ("a AND b or c", "(a@0) & (b@0) & (or@0) & (c@0)"),
        ('battery -lithium -"lead acid"', '(battery@0) & !(lithium@0) & !"lead@0 acid@1"'),
        ("batter*", "(batter*@0)"),
        ("ba*", "(ba@0)"),
        ('"sodium batter*"', '"sodium@0 batter*@1"'),
        ("電池 池", "(電池@0) & (池*@0)"),
        ("EU電池", "(eu@0)+(電池@0)"),
        ('"次世代 電池"', '"次世@0 世代@1 電池@3"'),
        ("lithium,sodium", "(lithium@0)+(sodium@0)"),
        ('"no end', '"no@0 end@1"'),
        ("-", ""),
        ('"" -"" -- !? \U0001f50b', ""),
        ("a:* & b | !c <-> d", "(a@0) & (b@0) & (c@0) & (d@0)"),
    ],
)
def test_an_expression_is_taken_apart(text: str, meant: str) -> None:
    assert told(parse(text)) == meant


def test_a_code_is_one_word_as_well() -> None:
    [[[group]]] = parse("COM(2023)160").required
    assert (group.code, [place.word for place in group.places]) == ("com\ua78f2023\ua78f160", ["com", "2023", "160"])


def test_words_beyond_the_first_hundred_are_told_to_be_ignored() -> None:
    expression = parse(" ".join(f"word{number}" for number in range(MOST_WORDS + 23)))
    assert (len(expression.required), expression.ignored) == (MOST_WORDS, 23)


def test_only_some_beginnings_are_read_as_such() -> None:
    assert told(parse("aaa* bbb* ccc* ddd* eee*")) == "(aaa*@0) & (bbb*@0) & (ccc*@0) & (ddd*@0) & (eee@0)"


@given(st.text(max_size=300))
def test_every_text_is_an_expression(text: str) -> None:
    expression = parse(text)
    places = [place for ways in expression.required for way in ways for group in way for place in group.places]
    assert len(places) <= MOST_WORDS
    assert all(place.word and len(place.word) <= 64 for place in places)
