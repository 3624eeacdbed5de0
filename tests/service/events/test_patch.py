"""Both kinds of patch, by the cases of their standards."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.errors import BodyTooLarge, Conflict, Invalid
from service.events.patch import json_patch, merge_patch
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
