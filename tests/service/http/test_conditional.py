"""Conditional requests: who has read what, before they change it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.errors import PreconditionRequired, Stale
from service.http.conditional import is_known, require_match
from tests.factories import create_event, create_topic
from tests.service.problems import problem_of

each_change_of_each_kind = pytest.mark.parametrize(
    ("kind", "method"), [(kind, method) for kind in ("events", "topics") for method in ("PUT", "PATCH", "DELETE")]
)
each_reading_of_each_kind = pytest.mark.parametrize(
    ("kind", "method"), [(kind, method) for kind in ("events", "topics") for method in ("GET", "HEAD")]
)


def at_version_2(client: FlaskClient, kind: str) -> tuple[str, dict[str, Any]]:
    """The URL and the representation of an event or a topic that was changed once."""
    made = create_event(client) if kind == "events" else create_topic(client, "trade")
    address = f"/v1/{kind}/{made['id']}"
    change = {"title": "New"} if kind == "events" else {"labels": {"en": "New"}}
    changed = client.patch(address, json=change, headers={"If-Match": '"1"'})
    assert changed.headers["ETag"] == '"2"'
    return address, changed.get_json()


@pytest.mark.parametrize("header", ['"2"', "*", '"1", "2"', '"1","2"', 'W/"1", "2"', ' "2" ', '"a,b", "2"'])
def test_if_match_that_names_the_version_passes(header: str) -> None:
    require_match(header, 2)


@pytest.mark.parametrize("header", ['"1"', '"3"', 'W/"2"', 'W/"2", "1"', "2", '"02"', '"2', "", '"*"', '"2 "', '"22"'])
def test_if_match_that_does_not_name_the_version_is_stale(header: str) -> None:
    with pytest.raises(Stale, match='"2"'):
        require_match(header, 2)


def test_if_match_is_required() -> None:
    with pytest.raises(PreconditionRequired, match='"2"'):
        require_match(None, 2)


@pytest.mark.parametrize("header", ['"2"', 'W/"2"', "*", '"1", "2"', 'W/"1",W/"2"'])
def test_if_none_match_that_names_the_version_is_known(header: str) -> None:
    assert is_known(header, 2)


@pytest.mark.parametrize("header", [None, '"1"', 'W/"1"', "2", '"1", "3"', '"*"', "", '"22"'])
def test_if_none_match_that_does_not_name_the_version_is_not(header: str | None) -> None:
    assert not is_known(header, 2)


@each_change_of_each_kind
def test_a_change_with_another_version_is_refused(client: FlaskClient, kind: str, method: str) -> None:
    address, body = at_version_2(client, kind)
    assert problem_of(client.open(address, method=method, json=body)) == (428, "precondition-required", [])
    for if_match in ('"1"', 'W/"2"', '"1", "3"'):
        refused = client.open(address, method=method, json=body, headers={"If-Match": if_match})
        assert problem_of(refused) == (412, "stale", [])
    assert client.get(address).get_json() == body


@each_change_of_each_kind
@pytest.mark.parametrize("if_match", ['"2"', "*", '"1", "2"'])
def test_a_change_with_the_current_version_succeeds(client: FlaskClient, kind: str, method: str, if_match: str) -> None:
    address, body = at_version_2(client, kind)
    changed = client.open(address, method=method, json=body, headers={"If-Match": if_match})
    assert changed.status_code == (204 if method == "DELETE" else 200)


@each_reading_of_each_kind
def test_a_reader_with_the_current_version_gets_304(client: FlaskClient, kind: str, method: str) -> None:
    address, _ = at_version_2(client, kind)
    for if_none_match in ('"2"', 'W/"2"', "*", '"1", "2"'):
        answer = client.open(address, method=method, headers={"If-None-Match": if_none_match})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", '"2"')
        assert answer.headers["Cache-Control"] == "private, no-cache"


@each_reading_of_each_kind
def test_a_reader_with_another_version_gets_the_current_one(client: FlaskClient, kind: str, method: str) -> None:
    address, _ = at_version_2(client, kind)
    answer = client.open(address, method=method, headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
