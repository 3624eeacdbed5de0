"""Problems that the API answers, as values that a test compares whole."""

from typing import Any, NamedTuple

from werkzeug.test import TestResponse

#: The other fields of a page of events that is the last one, for a request without further options.
NO_OTHER_FIELDS = dict.fromkeys(("next", "count", "cursor", "ranking", "matches", "did_you_mean", "expanded"))


class Problem(NamedTuple):
    """A problem: its status, the last word of its type, and the locations in its errors."""

    status: int
    code: str
    places: list[str]


def problem_of(response: TestResponse) -> Problem:
    """Return the problem in `response`, which must have the form of every problem."""
    assert response.content_type == "application/problem+json", response.text
    body: dict[str, Any] = response.get_json(force=True)
    assert body.keys() - {"errors"} == {"type", "title", "status", "detail", "request_id"}
    assert (body["status"], body["request_id"]) == (response.status_code, response.headers["X-Request-Id"])
    assert all(isinstance(body[name], str) and body[name] for name in ("title", "detail"))
    return Problem(body["status"], body["type"].removeprefix("/problems/"), [_place(e) for e in body.get("errors", [])])


def details(response: TestResponse) -> str:
    """Return the details of a problem's errors, joined by spaces."""
    return " ".join(fault["detail"] for fault in response.get_json(force=True)["errors"])


def _place(fault: dict[str, str]) -> str:
    [place] = fault.keys() - {"detail"}
    assert place in {"pointer", "parameter", "header"}
    assert fault["detail"]
    return fault[place]
