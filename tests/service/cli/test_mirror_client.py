"""Answers that the mirror reads."""

import pytest

from service.cli.mirror_client import MirrorError, parse_answer, to_json


@pytest.mark.parametrize("number", ["9223372036854775808", "-9223372036854775809", "9" * 5_000, "1e400", "NaN"])
def test_a_number_that_the_copy_cannot_hold_is_an_error_of_the_service(number: str) -> None:
    with pytest.raises(MirrorError, match=r"The service sent a number that does not fit 64 bits: [-0-9eNa]{3,20}\."):
        parse_answer(b'{"items": [{"version": %s}]}' % number.encode())


def test_an_answer_is_copied_as_the_same_value() -> None:
    text = '{"items":[{"version":9223372036854775807,"times":[-9223372036854775808,1e+308,0.1,"1e400","NaN"]}]}'
    assert to_json(parse_answer(text.encode())) == text
