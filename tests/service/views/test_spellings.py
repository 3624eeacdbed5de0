"""Searches find codes, amounts and words in every spelling, and nothing else beside them."""

from collections.abc import Iterable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from service.search.filter import Words
from service.search.text.lexemes import analyse
from service.search.text.query_compiler import compile_query
from service.store.search.tsvector import TsVectorBuilder
from tests.imports import errors, import_report, ndjson, row

#: Spellings of the same thing, each of which finds all others.
SAME = [
    ["HB374", "HB 374", "H.B. 374", "HB-374", "hb 374", "H. B. 374"],
    ["S.1234", "S. 1234", "S 1234", "S1234"],
    ["COM(2023) 160", "COM/2023/160", "COM (2023)160", "com2023160", "COM(2023)0160"],
    ["2024/1252", "2024-1252", "2024\u20131252"],
    ["CO2", "CO 2", "CO\u2082", "CO-2"],
    ["Covid-19", "covid19", "COVID 19"],
    ["ISO 14001", "ISO14001", "ISO-14001"],
    ["R&D", "R & D"],
    ["1,000,000", "1 000 000", "1.000.000", "1000000", "1\u202f000\u202f000"],
    ["$500", "US$ 500", "USD 500", "500 dollars"],
    ["50%", "50 %", "50 per cent", "50 percent"],
    ["\u00a7 5", "\u00a75"],
    ["U.S.", "U. S.", "US"],
    ["O'Brien", "O\u2019Brien", "O\u02bcBrien", "OBrien"],
    ["Hawai\u02bbi", "Hawai'i", "Hawaii"],
    ["\u043e\u0431\u02bc\u0454\u043a\u0442", "\u043e\u0431'\u0454\u043a\u0442", "\u043e\u0431\u2019\u0454\u043a\u0442"],
    ["regu\u00adlation", "regulation", "regu\u200blation", "\ufeffregulation"],
    ["programme", "program"],
    ["labour", "labor"],
    ["organisation", "organization"],
    ["centre", "center"],
    ["ageing", "aging"],
    ["cooperation", "co-operation", "co operation"],
    ["phaseout", "phase-out", "phase out"],
    ["wastewater", "waste water", "waste-water"],
]

#: Texts, each with a search that must not find it.
DIFFERENT = [
    ("HB 37 and 4 others", "HB 374"),
    ("HB 12 has 374 million", "HB 374"),
    ("HB 37 4", "HB374"),
    ("section 34", "section 3"),
    ("COM(2016) 23", "COM(2023) 160"),
    ("Com\u2019s 2023 plan for 160 sites", "COM(2023) 160"),
    ("500 people", "$500"),
    ("50 people", "50%"),
    ("the C language", "C++"),
    ("the C language", "C#"),
    ("OPEC decides", "OPEC+"),
    ("article 5", "\u00a7 5"),
    ("10 000 01", "1,000,001"),
    ("research and D", "R&D"),
    ("a tour", "tor"),
    ("the kerb", "curb"),
]


def create_titled(client: FlaskClient, titles: Iterable[str]) -> None:
    """Create an event in English with each title."""
    rows = (row(f"{number}x", title=title, lang="en") for number, title in enumerate(dict.fromkeys(titles)))
    assert not errors(import_report(client, ndjson(*rows)))


def ask(client: FlaskClient, q: str, **more: Any) -> Any:
    answer = client.get("/v1/events", query_string={"q": q, "limit": 200} | more)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def titles_with(client: FlaskClient, q: str) -> set[str]:
    """Return the titles with all words of a search."""
    return {item["title"] for item in ask(client, q, sort="title")["items"]}


def test_each_spelling_finds_all_others(client: FlaskClient) -> None:
    create_titled(client, (f"About {one}" for spellings in SAME for one in spellings))
    missed = {
        (q, title)
        for spellings in SAME
        for q in spellings
        for title in {f"About {one}" for one in spellings} - titles_with(client, q)
    }
    assert missed == set()


def test_what_looks_alike_is_not_found(client: FlaskClient) -> None:
    create_titled(client, (title for title, _ in DIFFERENT))
    assert [(q, title) for title, q in DIFFERENT if title in titles_with(client, q)] == []


def test_every_spelling_of_a_code_counts_once_and_alike(client: FlaskClient) -> None:
    create_titled(
        client, ["Act HB374 on solar", "Act H.B. 374 on wind", "Act HB 374 on water", "Another act, e.g. this"]
    )
    page = ask(client, "H.B. 374", explain="true")
    [scores] = [{one["contribution"] for match in page["matches"] for one in match["explanation"]["terms"]}]
    assert len(page["items"]) == 3
    assert [len(match["explanation"]["terms"]) for match in page["matches"]] == [1, 1, 1]
    assert max(scores) - min(scores) < 0.3 * max(scores)
    [match] = ask(client, "e.g.", explain="true")["matches"]
    assert [one["term"] for one in match["explanation"]["terms"]] == ["eg"]


@pytest.mark.parametrize(
    ("q", "title", "marked"),
    [
        ("HB374", "The H.B. 374 of Ohio", ["H.B. 374"]),
        ("H.B. 374", "The HB374 of Ohio", ["HB374"]),
        ("com2023160", "Proposal COM(2023) 160 final", ["COM(2023) 160"]),
        ("co2", "Less CO\u2082 in 2030", ["CO\u2082"]),
        ("$500", "A fund of USD 500 a year", ["USD 500"]),
        ("1000000", "For 1,000,000 roofs", ["1,000,000"]),
        ("labor", "The labour market", ["labour"]),
        ("phaseout", "A phase-out of coal", ["phase-out"]),
        ("cooperation", "On co-operation in trade", ["co-operation"]),
        ("waste water", "A plan for wastewater", ["wastewater"]),
        ("regulation", "The regu\u00adlation", ["regu\u00adlation"]),
        ("hawaii", "Roofs of Hawai\u02bbi", ["Hawai\u02bbi"]),
    ],
)
def test_what_matched_is_highlighted(client: FlaskClient, q: str, title: str, marked: list[str]) -> None:
    create_titled(client, [title])
    [match] = ask(client, q, highlight="true")["matches"]
    texts = [(one["text"], first, last) for one in match["highlights"] for first, last in one["ranges"]]
    assert [text[first:last] for text, first, last in texts] == marked


LETTERS = st.sampled_from(["HB", "SB", "S", "HR", "LD", "HJR", "LGX", "PLC", "\u0417\u041f"])
NUMBERS = st.integers(1, 99_999).filter(lambda number: not 1900 <= number < 2100)  # years


def spellings_of(letters: str, number: int) -> list[str]:
    """Return the spellings of a code with letters and a number."""
    starts = (letters, letters.lower(), f"{'.'.join(letters)}.", f"{'. '.join(letters)}.")
    return [f"{start}{sign}{number}" for start in starts for sign in ("", " ")] + [f"{letters}-{number}"]


def is_found(text: str, q: str) -> bool:
    """Return whether a search finds a text in English, by their analysis alone."""
    builder = TsVectorBuilder()
    builder.append(analyse([text], "english"), "C")
    return builder.build([]).matches(compile_query(Words(q), ["english", "german"]).all_words)


@settings(max_examples=50)
@given(LETTERS, NUMBERS, st.data())
def test_any_spelling_of_a_code_finds_any_other(letters: str, number: int, data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(spellings_of(letters, number))) for _ in range(2))
    assert is_found(f"On {one}, a bill", f"bill {other}")
    assert not is_found(f"On {letters} 7 and {number} bills", other) or number == 7
    assert not is_found(f"On {one}, a bill", f"{letters}-{number}1")


def test_spellings_are_found_in_exclusions_and_quotations(client: FlaskClient) -> None:
    create_titled(
        client,
        ["The US law on oil", "Plan for labour and CO2", "Plan for labor", "Plan for a tax on CO\u2082 emissions"],
    )
    assert titles_with(client, '"U.S. law"') == {"The US law on oil"}
    assert titles_with(client, "plan NOT labor") == {"Plan for a tax on CO\u2082 emissions"}
    assert titles_with(client, "plan NOT CO-2") == {"Plan for labor"}
    assert titles_with(client, '"tax on CO2 emissions"') == {"Plan for a tax on CO\u2082 emissions"}
    assert titles_with(client, '"labour and CO 2"') == {"Plan for labour and CO2"}
