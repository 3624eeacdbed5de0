"""What an answer says, in a form that a test can compare whole."""

from typing import Any, NamedTuple

from werkzeug.test import TestResponse

#: What a page of events says beside its items, where it is the last one and nothing else was asked.
NOTHING_ELSE = dict.fromkeys(("next", "count", "cursor", "ranking", "matches", "did_you_mean"))


class Told(NamedTuple):
    """A problem: its status, the last word of its type, and the places that its errors name."""

    status: int
    code: str
    places: list[str]


def told(response: TestResponse) -> Told:
    """The problem in `response`, which must have the form that every problem has."""
    assert response.content_type == "application/problem+json", response.text
    body: dict[str, Any] = response.get_json(force=True)
    assert body.keys() - {"errors"} == {"type", "title", "status", "detail", "request_id"}
    assert (body["status"], body["request_id"]) == (response.status_code, response.headers["X-Request-Id"])
    assert all(isinstance(body[name], str) and body[name] for name in ("title", "detail"))
    return Told(body["status"], body["type"].removeprefix("/problems/"), [_place(e) for e in body.get("errors", [])])


def details(response: TestResponse) -> str:
    """What the errors of a problem say, joined."""
    return " ".join(fault["detail"] for fault in response.get_json(force=True)["errors"])


def _place(fault: dict[str, str]) -> str:
    [place] = fault.keys() - {"detail"}
    assert place in {"pointer", "parameter", "header"}
    assert fault["detail"]
    return fault[place]
