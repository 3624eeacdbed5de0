"""A difference between service and peer ends the benchmark."""

import pytest

from benchmarks.agreement import Disagreement, require_agreement

ANSWERS = {"GET one": {"id": "1", "title": "A policy"}, "its external ids": [{"scheme": "tracker", "value": "1"}]}


def test_equal_answers_agree() -> None:
    require_agreement(ANSWERS, dict(ANSWERS))


@pytest.mark.parametrize(
    ("name", "answer", "difference"),
    [
        ("GET one", {"id": "1", "title": "Another"}, "GET one: title 'A policy' / 'Another'"),
        ("its external ids", [{"scheme": "tracker", "value": "2"}], "its external ids: value '1' / '2'"),
        ("its external ids", [], "its external ids: "),
    ],
)
def test_a_difference_is_named(name: str, answer: object, difference: str) -> None:
    with pytest.raises(Disagreement, match="Service and peer differ in ") as caught:
        require_agreement(ANSWERS, ANSWERS | {name: answer})
    assert difference in str(caught.value)
