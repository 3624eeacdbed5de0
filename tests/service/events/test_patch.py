"""Both kinds of patch, by the cases of their standards."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.errors import BodyTooLarge, Conflict, Invalid
from service.events.patch import MOST_COPIED, MOST_OPERATIONS, json_patch, merge_patch
from service.strict_json import render
from tests.factories import an_event

ROOT = Path(__file__).resolve().parents[3]
CONFORMANCE = ROOT.parent / "shared/data/conformance"


def cases(name: str) -> list[Any]:
    path = CONFORMANCE / name
    if not path.exists():
        pytest.skip("the standards' cases are not on this machine")
    return list(json.loads(path.read_text()))


def test_merge_patch_follows_the_fifteen_cases_of_its_standard() -> None:
    examples = cases("rfc7396.json")
    assert len(examples) == 15
    for case in examples:
        target, patch, result = case.values() if isinstance(case, dict) else case
        assert merge_patch(target, patch) == result


@pytest.mark.parametrize("file", ["json-patch-spec.json", "json-patch.json"])
def test_json_patch_follows_the_cases_of_its_standard(file: str) -> None:
    for case in cases(file):
        if case.get("disabled") or "patch" not in case:
            continue
        if "error" in case:
            with pytest.raises((Invalid, Conflict)):
                json_patch(case["doc"], case["patch"])
        else:
            assert json_patch(case["doc"], case["patch"]) == case.get("expected", case["doc"]), case.get("comment")


def patched(client: FlaskClient, patch: Any) -> Any:
    created = client.post("/v1/events", json=an_event())
    headers = {"If-Match": '"1"', "Content-Type": "application/json-patch+json"}
    return client.patch(created.headers["Location"], data=json.dumps(patch), headers=headers)


def test_a_member_of_a_list_can_be_changed(client: FlaskClient) -> None:
    answer = patched(
        client,
        [
            {"op": "test", "path": "/participants/0/name", "value": "Japan"},
            {
                "op": "add",
                "path": "/participants/-",
                "value": {"name": "France", "role": "party", "jurisdiction": "FR"},
            },
            {"op": "replace", "path": "/title", "value": "Two parties"},
        ],
    )
    assert (answer.status_code, answer.headers["ETag"], answer.get_json()["title"]) == (200, '"2"', "Two parties")
    assert [who["name"] for who in answer.get_json()["participants"]] == ["Japan", "France"]


def test_a_failed_test_changes_nothing_and_is_reported(client: FlaskClient) -> None:
    answer = patched(
        client,
        [{"op": "replace", "path": "/title", "value": "B"}, {"op": "test", "path": "/status", "value": "agreed"}],
    )
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (409, "#/1")
    assert '"/status"' in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/nowhere/at/all", "value": 1},
        {"op": "remove", "path": "/participants/7"},
        {"op": "fly", "path": "/title"},
        {"op": "add", "path": "/title"},
        {"op": "add", "path": "title", "value": "x"},
        {"op": "add", "path": 7, "value": "x"},
        {"op": "move", "from": "/participants", "path": "/participants/0"},
        {"path": "/title"},
        "no operation",
        None,
    ],
)
def test_an_operation_that_cannot_be_applied_is_reported(client: FlaskClient, operation: Any) -> None:
    answer = patched(client, [operation])
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "#/0"), answer.json


def test_a_patch_that_is_not_a_list_or_too_long_is_refused(client: FlaskClient) -> None:
    assert patched(client, {"op": "remove", "path": "/title"}).status_code == 422
    assert patched(client, [{"op": "test", "path": "/status", "value": None}] * 1001).status_code == 422


def test_copies_cannot_enlarge_a_document_without_limit() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60
    with pytest.raises(BodyTooLarge):
        json_patch({"a": ["x" * 1000]}, doubling)


def nested(levels: int) -> Any:
    """An object that nests `levels` deep."""
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


#: Patches that grow with each operation, or that take longer with each.
GROWING = {
    "the whole into a part": [{"op": "copy", "from": "", "path": "/tags"}] * 1_000,
    "the whole into a list": [{"op": "copy", "from": "", "path": "/topics/-"}] * 300,
    "a part into itself": [{"op": "copy", "from": "/title", "path": "/title/x"}] * 300,
    "an object into itself": [{"op": "add", "path": "/a", "value": {}}]
    + [{"op": "copy", "from": "/a", "path": "/a/b"}] * 260,
    "deep values": [{"op": "add", "path": "/a" * 60 * turn, "value": nested(60)} for turn in range(1, 100)],
    "moves into each other": [{"op": "add", "path": "", "value": {"a": 1}}]
    + [
        {"op": "move", "from": "/a", "path": "/b"},
        {"op": "add", "path": "/a", "value": {}},
        {"op": "move", "from": "/b", "path": "/a/b"},
    ]
    * 300,
}


@pytest.mark.parametrize("patch", GROWING.values(), ids=GROWING)
def test_a_patch_that_grows_with_each_operation_is_refused(patch: list[Any]) -> None:
    with pytest.raises((Invalid, BodyTooLarge)):
        json_patch(an_event(), patch)


def test_the_copies_of_a_patch_are_limited_in_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[int] = []

    def measure(value: Any) -> bytes:
        copied.append(len(render(value)))
        return render(value)

    monkeypatch.setattr("service.events.patch.render", measure)
    document = an_event(summary="x" * 20_000)
    with pytest.raises(BodyTooLarge) as refused:
        json_patch(document, [{"op": "copy", "from": "", "path": "/tags"}] * 1_000)
    assert sum(copied[1:-1]) <= MOST_COPIED < sum(copied[1:])
    assert refused.value.faults[0].pointer == f"#/{len(copied) - 2}"


def test_a_thousand_small_operations_are_applied() -> None:
    patch = [{"op": "copy", "from": "/title", "path": "/tags/-"}] * MOST_OPERATIONS
    assert len(json_patch(an_event(tags=[]), patch)["tags"]) == MOST_OPERATIONS


def test_a_patch_leaves_the_document_that_it_is_applied_to() -> None:
    document = {"filter": {"country": "JP"}}
    assert json_patch(document, [{"op": "add", "path": "/filter/country", "value": "FR"}]) == {
        "filter": {"country": "FR"}
    }
    assert document == {"filter": {"country": "JP"}}


@pytest.mark.parametrize(
    "operation",
    [{"op": "test", "path": "/a" * 65, "value": 1}, {"op": "copy", "from": "/a" * 65, "path": "/b"}],
)
def test_a_path_of_more_steps_than_a_body_has_levels_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="more than 64 steps"):
        json_patch({}, [operation])


def test_a_number_too_large_to_copy_is_reported() -> None:
    with pytest.raises(Invalid) as refused:
        json_patch({}, [{"op": "add", "path": "/a", "value": 10**49}, {"op": "copy", "from": "/a", "path": "/b"}])
    assert refused.value.faults[0].pointer == "#/1"


def test_an_error_quotes_the_beginning_of_a_long_path() -> None:
    with pytest.raises(Invalid) as refused:
        json_patch({}, [{"op": "remove", "path": "/" + "x" * 100_000}])
    assert len(refused.value.faults[0].detail) < 300
