"""An answer is compared with the wanted one, field by field."""

from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.search.cases.answers import find_fault, has_wanted
from benchmarks.search.cases.queries import Query, read_kinds


def event(title: str, country: str = "FR", description: str | None = None) -> dict[str, Any]:
    """Return the searched part of an event."""
    return {"id": title, "title": title, "description": description, "participants": [{"jurisdiction": country}]}


EVENTS = [event("Carbon Tax"), event("Climate Act", "DK"), event("Steel policy", "CN", "A carbon tax on steel")]


def answer(q: str) -> Mapping[str, Any]:
    """Return a page of all events, and for another query of none."""
    return {"items": EVENTS if q == "tax" else [], "ranking": {"partial": False}, "did_you_mean": "taxes"}


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        ({"first": "^carbon tax$"}, None),
        ({"first": "^carbon tax$", "country": "DE"}, "first is Carbon Tax (FR), wanted at no place"),
        ({"first": "climate act"}, "first is Carbon Tax (FR), wanted at place 2"),
        ({"first": "climate act", "top": 2}, None),
        ({"share": 2, "text": "carbon tax"}, None),
        ({"share": 2, "title": "carbon tax"}, "1 of 3 have it, wanted 2"),
        ({"share": 1, "text": "tax", "country": "CN"}, None),
        ({"none": "wind"}, None),
        ({"none": "steel"}, "1 must not be there, such as Steel policy (CN)"),
        ({"same": "tax"}, None),
        ({"same": "taxes"}, "others than of 'taxes'"),
        ({"partial": True}, "partial is False"),
        ({"first": "taxes", "did_you_mean": "taxes"}, None),
    ],
)
def test_the_first_difference_is_named(wanted: dict[str, Any], fault: str | None) -> None:
    assert find_fault(Query("tax", **wanted), answer) == fault


def test_an_empty_answer_is_a_fault() -> None:
    assert find_fault(Query("wind", none="steel"), answer) == "nothing found; did_you_mean is 'taxes'"


@pytest.mark.parametrize(("share", "is_possible"), [(2, True), (3, False)])
def test_a_wanted_share_needs_so_many_records(share: int, *, is_possible: bool) -> None:
    assert has_wanted(EVENTS, Query("tax", share=share, text="carbon")) == is_possible


def test_there_are_many_queries_and_no_floor_is_above_their_number() -> None:
    kinds = read_kinds()
    assert sum(len(kind.queries) for kind in kinds) >= 150
    assert all(kind.before <= len(kind.queries) and 0 < kind.floor <= len(kind.queries) for kind in kinds)


def test_no_query_is_repeated() -> None:
    queries = [query.q for kind in read_kinds() for query in kind.queries]
    assert len(queries) == len(set(queries))
