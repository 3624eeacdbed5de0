"""Numbers and amounts: one form for all ways to write them."""

import pytest

from service.search.text.amounts import amount_at, number_at, signed_words


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,000,000", "1000000"),
        ("1 000 000 people", "1000000"),
        ("1\u2019000", "1000"),
        ("2.5", "2.5"),
        ("2,5", "2.5"),
        ("500", "500"),
        ("1,000 000", "1000"),
        ("0,000,000", None),
        ("12.05.2023", None),
    ],
)
def test_a_number_is_its_digits(text: str, number: str | None) -> None:
    end = len(text.partition(" ")[0])
    found = number_at(text, 0, end)
    assert (found[1] if found else None) == number


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("500 dollars", "$500"),
        ("500 million dollars", "$500"),
        ("500 m\u20ac", "\u20ac500"),
        ("500 %", "500%"),
        ("500 per cent", "500%"),
        ("500 dollarsign", None),
        ("500 people", None),
        ("500", None),
    ],
)
def test_an_amount_has_the_sign_of_its_unit(text: str, amount: str | None) -> None:
    found = amount_at(text, 0, 3, "500")
    assert (found.form if found else None) == amount


@pytest.mark.parametrize("unit", ["$", "US$", "us$ ", "USD ", "A$"])
def test_a_unit_may_stand_before_the_number(unit: str) -> None:
    amount = amount_at(f"{unit}500", len(unit), len(unit) + 3, "500")
    assert amount is not None
    assert amount.form == "$500"


def test_words_may_end_with_signs() -> None:
    assert [word.form for word in signed_words("C++ and C#, OPEC+ at 65+; a+b, c # d, e + f, A++++")] == [
        "c++",
        "c#",
        "opec+",
        "65+",
    ]
