"""The parser of web-search expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search.text.query_parser import MOST_DEPTH, MOST_WORDS, Expression, WordGroup, parse_query


def in_one_line(expression: Expression) -> str:
    """Return an expression with `|` between alternatives, `+` between their groups, and the offsets of words."""
    required = [
        " | ".join("+".join(map(_group, groups)) for groups in alternatives) for alternatives in expression.required
    ]
    return " & ".join(required + [f"!{_excluded(one)}" for one in expression.excluded])


def _excluded(expression: Expression) -> str:
    line = in_one_line(expression)
    return line if len(list(expression.groups)) == 1 else f"{{{line}}}"


def _group(group: WordGroup) -> str:
    words = " ".join(f"{one.text}{'*' if one.begins else ''}@{one.offset}" for one in group.words)
    return f'"{words}"' if group.quoted else f"({words})"


@pytest.mark.parametrize(
    ("text", "parsed"),
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
        ("電池 池", "(电池@0) & (池*@0)"),
        ("EU電池", "(eu@0)+(电池@0)"),
        ('"次世代 電池"', '"次世@0 世代@1 电池@3"'),
        ("lithium,sodium", "(lithium@0)+(sodium@0)"),
        ('"no end', '"no@0 end@1"'),
        ("-", ""),
        ('"" -"" -- !? \U0001f50b', ""),
        ("a:* & b | !c <-> d", "(a@0) & (b@0) & (c@0) & (d@0)"),
    ],
)
def test_an_expression_is_parsed(text: str, parsed: str) -> None:
    assert in_one_line(parse_query(text)) == parsed


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("steel NOT china", "(steel@0) & !(china@0)"),
        ("NOT china steel", "(steel@0) & !(china@0)"),
        ("steel AND NOT china", "(steel@0) & !(china@0)"),
        ("steel NOT AND china", "(steel@0) & !(china@0)"),
        ("steel not china", "(steel@0) & (not@0) & (china@0)"),
        ('steel NOT "hot rolled"', '(steel@0) & !"hot@0 rolled@1"'),
        ('steel NOT"hot rolled"', '(steel@0) & !"hot@0 rolled@1"'),
        ("steel NOT chin*", "(steel@0) & !(chin*@0)"),
        ("steel NOT", "(steel@0)"),
        ("NOT", ""),
        ('steel "NOT"', '(steel@0) & "not@0"'),
        ("steel -NOT", "(steel@0) & !(not@0)"),
        ("steel NOT NOT china", "(steel@0) & (china@0)"),
        ("steel NOT NOT NOT china", "(steel@0) & !(china@0)"),
        ("steel NOT -china", "(steel@0) & !(china@0)"),
        ("steel NOT ... china", "(steel@0) & !(china@0)"),
        ("steel OR NOT china", "(steel@0) & !(china@0)"),
        ("steel NOT OR china", "(steel@0) & !(china@0)"),
        ("steel OR NOT china OR iron", "(steel@0) | (iron@0) & !(china@0)"),
        ("NOT china,russia", "!(china@0) & !(russia@0)"),
        ("steel NOT sodium-ion", "(steel@0) & !(sodium@0 ion@1)"),
        ("steel NOT (china OR russia)", "(steel@0) & !{(china@0) | (russia@0)}"),
        ("steel NOT(china OR russia) law", "(steel@0) & (law@0) & !{(china@0) | (russia@0)}"),
        ("steel -(china russia)", "(steel@0) & !{(china@0) & (russia@0)}"),
        ('NOT ("hot rolled" OR (iron)) law', '(law@0) & !{"hot@0 rolled@1" | (iron@0)}'),
        ("NOT (china NOT coal) law", "(law@0) & !{(china@0) & !(coal@0)}"),
        ("NOT (NOT china NOT coal)", "(china@0) | (coal@0)"),
        ("NOT (china NOT (coal)) law", "(law@0) & !{(china@0) & !(coal@0)}"),
        ("steel NOT (COM(2023) coal) law", "(steel@0) & (law@0) & !{(com@0 2023@1) & (coal@0)}"),
        ("steel NOT (china", "(steel@0) & !(china@0)"),
        ("steel NOT ()", "(steel@0)"),
        ("steel) NOT (china) law)", "(steel@0) & (law@0) & !(china@0)"),
        ("(steel NOT)", "(steel@0)"),
        ("CANNOT(china)", "(cannot@0 china@1)"),
    ],
)
def test_not_excludes_what_follows_it(text: str, parsed: str) -> None:
    assert in_one_line(parse_query(text)) == parsed


@given(
    st.lists(st.sampled_from(["NOT", "OR", "AND", "-", "(", ")", '"', "*", "a", "steel", " ", "NOT ("]), max_size=60)
)
def test_operators_in_any_place_are_an_expression(parts: list[str]) -> None:
    for separator in ("", " "):
        text = separator.join(parts)
        words = [one.text for group in parse_query(text).groups for one in group.words]
        assert set("".join(words)) <= set("notraderasteel"), text


def test_brackets_inside_each_other_are_read_to_a_limit() -> None:
    expression = parse_query("a " + "NOT (b " * 2_000)
    depth = 0
    while expression.excluded:
        depth, expression = depth + 1, expression.excluded[-1]
    assert MOST_DEPTH <= depth <= MOST_DEPTH + 1


def test_a_code_is_one_word() -> None:
    [[[group]]] = parse_query("COM(2023)160").required
    assert (group.code, [word.text for word in group.words]) == ("com2023/160", ["com", "2023", "160"])


def test_words_beyond_the_first_hundred_are_ignored_and_counted() -> None:
    expression = parse_query(" ".join(f"word{number}" for number in range(MOST_WORDS + 23)))
    assert (len(expression.required), expression.ignored) == (MOST_WORDS, 23)


def test_only_the_first_prefixes_are_prefixes() -> None:
    assert in_one_line(parse_query("aaa* bbb* ccc* ddd* eee*")) == "(aaa*@0) & (bbb*@0) & (ccc*@0) & (ddd*@0) & (eee@0)"


@given(st.text(max_size=300))
def test_every_text_is_an_expression(text: str) -> None:
    expression = parse_query(text)
    words = [word for group in expression.groups for word in group.words]
    assert len(words) <= MOST_WORDS
    assert all(word.text and len(word.text) <= 64 for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what can cities do about heat in summer", "cities about heat in summer"),
        ("how does Germany support hydrogen", "how does germany support hydrogen"),
        ('how does Germany support "what if" hydrogen*', "germany support what if hydrogen"),
        ("what how when where why which", "what how when where why which"),
        ("was kann eine Stadt gegen Hitze tun", "eine stadt gegen hitze tun"),
    ],
)
def test_a_long_question_is_read_without_the_words_that_make_it_one(text: str, words: str) -> None:
    groups = parse_query(text).required_groups
    assert " ".join(word.text for group in groups for word in group.words) == words
