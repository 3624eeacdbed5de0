"""Codes: one form for all spellings, and none for words beside numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.search.text.codes import JOINER, code_of, codes_in, join_codes


def forms_in(text: str) -> set[str]:
    """Return all forms by which the codes in a text are found."""
    return {form for code in codes_in(text) for form in (code.form, *code.others)}


@pytest.mark.parametrize(
    ("form", "spellings"),
    [
        ("hb374", ["HB374", "hb374", "HB 374", "H.B. 374", "HB-374", "H.B.374", "H. B. 374", "HB No. 374", "HB 0374"]),
        ("s1234", ["S.1234", "S. 1234", "S 1234", "S1234", "S-1234"]),
        ("hr1319", ["H.R. 1319", "HR 1319", "H. R. 1319", "hr1319"]),
        ("com2023/160", ["COM(2023)160", "COM(2023) 160", "COM (2023) 160", "COM/2023/160", "COM(2023)0160"]),
        ("com2023/160", ["com2023160", "COM 2023 160", "COM-2023-160", "com(2023) 160"]),
        ("2024/1252", ["2024/1252", "2024-1252", "2024\u20131252"]),
        ("eu2024/1252", ["EU/2024/1252", "EU-2024-1252"]),
        ("co2", ["CO2", "CO 2", "CO-2", "co2"]),
        ("covid19", ["Covid-19", "covid19", "COVID 19", "covid 19", "COVID\u201119"]),
        ("pm2.5", ["PM2.5", "PM 2.5", "PM2,5"]),
        ("hb2023", ["HB 2023", "HB2023", "H.B. 2023", "H.B.2023"]),
        ("iso14001/2015", ["ISO 14001:2015", "ISO14001:2015", "ISO-14001-2015"]),
        ("pl117/169", ["P.L. 117-169", "PL 117-169", "P.L.117\u2013169"]),
        ("r&d", ["R&D", "R & D", "r&d"]),
        ("us", ["U. S", "u. s"]),
        ("1000000", ["1,000,000", "1 000 000", "1.000.000", "1'000'000"]),
        ("19.8", ["19.8", "19,8"]),
        ("$500", ["$500", "US$500", "US$ 500", "USD 500", "500 USD", "500 dollars"]),
        ("\u20ac1.5", ["\u20ac1.5", "EUR 1.5", "1,5 Euro", "\u20ac 1,5"]),
        ("50%", ["50%", "50 %", "50 percent", "50 per cent", "50 Prozent", "50 pour cent"]),
        ("\u00a75", ["\u00a75", "\u00a7 5"]),
        ("c++", ["C++", "c++"]),
        ("c#", ["C#"]),
        ("opec+", ["OPEC+", "Opec+"]),
        ("3d", ["3-D", "3-d"]),
    ],
)
def test_all_spellings_of_a_code_have_one_form(form: str, spellings: list[str]) -> None:
    assert {spelling: code.form for spelling in spellings if (code := code_of(spelling))} == dict.fromkeys(
        spellings, form
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Regulation (EU) 2024/1252 of 11 April", {"2024/1252"}),
        ("under COM (2023) 160 final", {"com2023/160", "2023/160"}),
        ("ISO/IEC 27001 applies", {"iec27001", "iso27001"}),
        ("ISO 14001:2015", {"iso14001/2015", "iso14001", "14001/2015"}),
        ("Directive 2013/34/EU", {"2013/34eu", "2013/34"}),
        ("2023/0079(COD)", {"2023/79cod", "2023/79"}),
        ("a bill, HB 374, and S. 12", {"hb374", "s12"}),
        ("$500 million or 50 per cent of 1,000,000", {"$500", "50%", "1000000"}),
        ("anti-covid-19 measures", {"covid19"}),
        ("the U. S. and the R&D fund", {"us", "r&d"}),
    ],
)
def test_codes_are_found_in_a_text(text: str, found: set[str]) -> None:
    assert forms_in(text) == forms_in(text.lower()) == found


@pytest.mark.parametrize(
    "text",
    [
        "in 2030", "section 3", "section3", "Agenda 2030", "agenda2030", "post-2020", "EU-2030", "top-10", "Act (2023)",
        "sodium-ion", "and/or", "law & order",
        "U.S.", "2030", "5G", "1st of May", "of 27 states", "NATO's 2", "12, 13, 14",
        "https://example.org/2024/1252", "2024-5@example.org", "the law. A plan", "x" * 1_000 + " 5", "1/2/3/4/5/6/7/8",
        "", " ", "-1-", "a + b",
    ],
)  # fmt: skip
def test_words_and_numbers_by_themselves_are_no_codes(text: str) -> None:
    assert forms_in(text) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HB 37 4", "HB 374"),
        ("section 3", "section 34"),
        ("COM(2023) 160", "COM(2023) 16"),
        ("COM(2023)160", "COM(2016)0"),
        ("S 12", "SB 12"),
        ("1.5", "15"),
        ("1.5", "1-5"),
        ("$500", "\u20ac500"),
        ("50%", "50"),
        ("C++", "C#"),
        ("R&D", "R.D."),
        ("2024/1252", "20241252"),
        ("12/34", "1/234"),
    ],
)
def test_different_codes_have_different_forms(one: str, other: str) -> None:
    assert not forms_in(one) & forms_in(other)


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("HB 374 taxes", "HB+374 taxes"),
        ("hb 374", "hb+374"),
        ("h.b. 374", "h.b.+374"),
        ("COM(2023) 160 final", "COM(2023)+160 final"),
        ("com 2023 160", "com+2023+160"),
        ("1 000 000 heat pumps", "1+000+000 heat pumps"),
        ("\u00a7 5 and 50 per cent", "\u00a7+5 and 50+per+cent"),
        ("R & D", "R+&+D"),
        ("euro 6", "euro 6"),
        ("eu 27", "eu 27"),
        ("US 301", "US 301"),
        ("article 5 15 300", "article 5 15 300"),
        ("climate law 2030", "climate law 2030"),
    ],
)
def test_a_search_keeps_the_codes_with_spaces_that_are_certain(text: str, joined: str) -> None:
    assert join_codes(text).replace(JOINER, "+") == joined


LETTERS = st.text(st.characters(min_codepoint=ord("A"), max_codepoint=ord("Z")), min_size=2, max_size=4).filter(
    lambda letters: not forms_in(f"{letters}-7") ^ {f"{letters.lower()}7"}
)
NUMBER = st.integers(1, 99_999).filter(lambda number: not 1900 <= number < 2100)


@settings(max_examples=50)
@given(LETTERS, NUMBER)
def test_any_spelling_of_letters_and_a_number_is_the_same_code(letters: str, number: int) -> None:
    dotted = ".".join(letters)
    spellings = [f"{letters}{number}", f"{letters}-{number}", f"{letters}.{number}", f"{dotted}.{number}"]
    forms = {code.form for one in (*spellings, *map(str.lower, spellings)) if (code := code_of(one))}
    assert forms == {f"{letters.lower()}{number}"}
    in_text = forms_in(f"The bill {dotted}. {number} passed.")
    assert f"{letters.lower()}{number}" in in_text


@settings(max_examples=50)
@given(st.sampled_from(["COM", "SWD", "ABC", "Xy"]), st.integers(1990, 2050), st.integers(1, 9_999))
def test_any_spelling_of_a_year_and_a_number_is_the_same_code(series: str, year: int, number: int) -> None:
    spellings = [f"{series}({year}){number}", f"{series}({year}) {number}", f"{series} ({year}) {number}"]
    spellings += [f"{series}/{year}/{number}", f"{series}-{year}-{number}", f"{series}({year}){number:04}"]
    forms = {code.form for one in spellings if (code := code_of(one))}
    assert forms == {f"{series.lower()}{year}/{number}"}


@settings(max_examples=50)
@given(st.integers(1_000, 10**12), st.sampled_from([",", ".", "'", " "]))
def test_any_grouping_of_digits_is_the_same_number(number: int, sign: str) -> None:
    grouped = f"{number:,}".replace(",", sign)
    assert (forms_in(f"about {grouped} people"), forms_in(str(number))) == ({str(number)}, set())


@settings(max_examples=50)
@given(st.text(st.sampled_from("hbHB37 4.-/(),:&+#$%\u00a7\u20ac'\x02_@\u00e9\u0660\u00b2\u96fb"), max_size=60))
def test_any_text_has_codes_within_it(text: str) -> None:
    for code in codes_in(text):
        assert 0 <= code.start < code.end <= len(text)
        assert code.form
        assert " " not in code.form
    assert len(join_codes(text)) == len(text)
