"""Conditional requests: who has read what, before they change it."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from service.errors import Malformed, PreconditionRequired, Stale
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


@pytest.mark.parametrize(
    "header", ['"2"', "*", '"1", "2"', '"1","2"', 'W/"1", "2"', ' "2" ', '"a,b", "2"', ', "2" ,,', '"2-gzip"']
)
def test_if_match_that_names_the_version_passes(header: str) -> None:
    require_match(Headers({"If-Match": header}), 2)


@pytest.mark.parametrize("header", ['"1"', '"3"', 'W/"2"', 'W/"2", "1"', '"02"', '"*"', '"22"', '""'])
def test_if_match_that_does_not_name_the_version_is_stale(header: str) -> None:
    with pytest.raises(Stale, match='"2"'):
        require_match(Headers({"If-Match": header}), 2)


@pytest.mark.parametrize("header", ["2", '"2', '2"', "", ",", '"2 "', '"1" "2"', '*, "2"', "w/2", '"2";', '"2", 3'])
@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
def test_a_condition_without_tags_is_malformed(name: str, header: str) -> None:
    with pytest.raises(Malformed) as refused:
        require_match(Headers({name: header}), 2, required=False)
    assert [fault.header for fault in refused.value.faults] == [name]


def test_if_match_is_required() -> None:
    with pytest.raises(PreconditionRequired, match='"2"'):
        require_match(Headers({}), 2)
    with pytest.raises(PreconditionRequired, match='"2"'):
        require_match(Headers({"If-None-Match": '"1"'}), 2)
    require_match(Headers({}), 2, required=False)


@pytest.mark.parametrize("header", ["*", '"2"', 'W/"2"'])
def test_a_change_of_what_if_none_match_excludes_is_stale(header: str) -> None:
    for others in ({}, {"If-Match": '"2"'}):
        with pytest.raises(Stale, match="as version 2"):
            require_match(Headers({"If-None-Match": header, **others}), 2)


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


@each_change_of_each_kind
def test_a_change_that_may_only_create_is_refused(client: FlaskClient, kind: str, method: str) -> None:
    address, body = at_version_2(client, kind)
    refused = client.open(address, method=method, json=body, headers={"If-None-Match": "*"})
    assert problem_of(refused) == (412, "stale", [])


@each_change_of_each_kind
def test_a_change_with_a_tag_that_is_not_quoted_is_malformed(client: FlaskClient, kind: str, method: str) -> None:
    address, body = at_version_2(client, kind)
    refused = client.open(address, method=method, json=body, headers={"If-Match": "2"})
    assert problem_of(refused) == (400, "malformed", ["If-Match"])


@each_reading_of_each_kind
def test_a_reader_who_needs_another_version_is_refused(client: FlaskClient, kind: str, method: str) -> None:
    address, _ = at_version_2(client, kind)
    for if_match, status in (('"2"', 200), ("*", 200), ('"2-gzip"', 200), ('"1"', 412), ('W/"2"', 412), ("2", 400)):
        answer = client.open(address, method=method, headers={"If-Match": if_match})
        assert (answer.status_code, if_match) == (status, if_match)
    both = client.open(address, method=method, headers={"If-Match": '"1"', "If-None-Match": '"2"'})
    assert both.status_code == 412


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events.csv", "/v1/topics", "/v1/events.atom", "/docs"])
def test_if_match_counts_for_every_read(client: FlaskClient, path: str) -> None:
    assert problem_of(client.get(path, headers={"If-Match": '"of-another"'})) == (412, "stale", [])
    whole = client.get(path, headers={"If-Match": "*"})
    assert whole.status_code == 200
    if tag := whole.headers.get("ETag"):
        assert client.get(path, headers={"If-Match": tag}).status_code == 200


def test_if_match_changes_no_error_of_a_read(client: FlaskClient) -> None:
    missing = client.get("/v1/topics/unknown", headers={"If-Match": '"1"'})
    assert problem_of(missing) == (404, "not-found", [])
