"""Rows that relate to events further down the file."""

from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.imports.deferred_rows import strongly_connected_components
from tests.imports import count_rows, counts, errors, import_report, ndjson, row


@pytest.mark.parametrize(
    ("needs", "groups"),
    [
        ([], []),
        ([[], []], [[0], [1]]),
        ([[1], [2], []], [[2], [1], [0]]),
        ([[1], [0], [0]], [[0, 1], [2]]),
        ([[0]], [[0]]),
        ([[1, 2], [3], [3], [1], [0]], [[1, 3], [2], [0], [4]]),
    ],
)
def test_mutually_dependent_nodes_come_together_after_their_dependencies(
    needs: list[list[int]], groups: list[list[int]]
) -> None:
    assert [sorted(group) for group in strongly_connected_components(needs)] == groups


def test_every_node_of_a_random_graph_comes_once_and_after_its_dependencies() -> None:
    rng = Random(1)  # noqa: S311 (the same every time is wanted)
    for _ in range(50):
        needs = [rng.sample(range(40), rng.choice([0, 1, 1, 2])) for _ in range(40)]
        items = [sorted(group) for group in strongly_connected_components(needs)]
        place = {node: number for number, group in enumerate(items) for node in group}
        assert sorted(place) == list(range(40))
        assert all(place[other] <= place[node] for node, others in enumerate(needs) for other in others)


def test_a_very_long_chain_needs_no_recursion() -> None:
    many = 50_000
    assert len(list(strongly_connected_components([[number + 1] for number in range(many - 1)] + [[]]))) == many


def id_of(number: int) -> str:
    return f"01980000-0000-7000-8000-{number:012}"


def related(number: int, *others: int, **fields: Any) -> dict[str, Any]:
    """The row of an event that relates to `others`."""
    relations = [{"type": "follows", "event": id_of(other)} for other in others]
    return row(number, id=id_of(number), relations=relations) | fields


def test_rows_can_relate_to_later_rows_and_in_a_cycle(client: FlaskClient, database: str) -> None:
    rows = [
        related(1, 2),
        related(2, 3),
        related(3, 1),
        related(4, 4_000),
        *map(related, range(5, 1_000)),
        related(4_000),
    ]
    report = import_report(client, ndjson(*rows))
    assert (report["rows"], report["line"]) == (counts(created=1_000), 1_000)
    assert count_rows(database, "event_relation") == {"event_relation": 4}
    items = client.get(f"/v1/events/{id_of(3)}/relations").get_json()["items"]
    assert [(one["direction"], one["event"]["id"]) for one in items] == [("outgoing", id_of(1)), ("incoming", id_of(2))]
    assert import_report(client, ndjson(*rows))["rows"] == counts(unchanged=1_000)


@pytest.mark.parametrize("mode", ["partial", "atomic"])
def test_rows_with_unresolvable_relations_are_refused_with_their_dependents(client: FlaskClient, mode: str) -> None:
    rows = [related(1, 2), related(2, 99), related(3, 3), related(4)]
    report = import_report(client, ndjson(*rows), mode=mode)
    assert report["rows"] == counts(created=1 if mode == "partial" else 0, refused=3)
    assert errors(report) == [
        (1, "#/relations/0/event", f"There is no event {id_of(2)}."),
        (2, "#/relations/0/event", f"There is no event {id_of(99)}."),
        (3, "#/relations/0/event", f"The event itself is {id_of(3)}."),
    ]


def test_a_deferred_row_is_written_before_later_rows_of_its_event(client: FlaskClient) -> None:
    rows = [related(1, 2), *(row(number) for number in range(10, 600)), related(1, title="Later"), related(2)]
    report = import_report(client, ndjson(*rows))
    assert report["rows"] == counts(created=592, updated=1)
    assert client.get(f"/v1/events/{id_of(1)}").get_json()["title"] == "Later"


def test_a_dry_run_counts_deferred_rows_like_an_import(client: FlaskClient) -> None:
    rows = [related(1, 2), related(2, 1), related(3, 99), related(4)]
    assert import_report(client, ndjson(*rows), dry_run="true")["rows"] == counts(created=3, refused=1)
    assert client.get("/v1/events").get_json()["items"] == []
