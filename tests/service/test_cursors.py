"""Cursors are bound to their list; forged ones are malformed."""

import pytest
from psycopg import DataError

from service.cursors import LONGEST, cursor_errors, decode_cursor, encode_cursor, fingerprint
from service.errors import Malformed

LIST, OTHER = fingerprint("events", "a"), fingerprint("events", "b")


def test_a_cursor_decodes_to_its_sort_values() -> None:
    assert decode_cursor(encode_cursor(LIST, ["2024-04-01", "é"]), LIST, 2) == ["2024-04-01", "é"]


@pytest.mark.parametrize(
    "cursor",
    [
        encode_cursor(OTHER, ["1", "2"]),
        encode_cursor(LIST, ["1"]),
        encode_cursor(LIST, ["1", 2]),  # type: ignore[list-item]  # as a forger would
        "é",
        "!",
        "",
        "A" * (LONGEST + 1),
    ],
)
def test_a_cursor_of_another_list_is_malformed(cursor: str) -> None:
    with pytest.raises(Malformed, match="Start without one"):
        decode_cursor(cursor, LIST, 2)


def test_an_error_that_a_cursor_caused_is_malformed() -> None:
    with pytest.raises(Malformed), cursor_errors("cursor"):
        raise DataError
    with pytest.raises(Malformed), cursor_errors("cursor", ArithmeticError):
        raise OverflowError


def test_other_errors_stay_as_they_are() -> None:
    with pytest.raises(DataError), cursor_errors(None):
        raise DataError
    with pytest.raises(OverflowError), cursor_errors("cursor"):
        raise OverflowError
