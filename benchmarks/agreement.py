"""That both answer alike, seen before anything is timed: to be faster with another answer would prove nothing."""

import json
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import psycopg
from psycopg.rows import dict_row

from benchmarks.articles import event_id

#: What the service finds out of the record and the peer does not, and what is new with each event.
_OWN = {"id", "verification", "created_at", "updated_at", "content_changed_at", "external_ids"}

Answers = dict[str, Any]


class Disagreement(Exception):
    """The service and the peer answer differently."""


def answers(url: str, database: str, body: str, key: str) -> Answers:
    """What `url` answers to one request of each kind, and the row that it keeps of `body`."""
    read = {
        "GET one": _json(f"{url}/v1/events/{event_id(1)}"),
        "list of 50": _json(f"{url}/v1/events?limit=50")["items"],
    }
    created = _created(url, body, key)
    return read | {
        "create": _without(created, _OWN),
        "the row created": _without(_row(database, created["id"]), {*_OWN, "document"}),
    }


def require_agreement(service: Answers, peer: Answers) -> None:
    """Pass where both are equal. Disagreement names what is not."""
    for what, answer in service.items():
        if peer[what] != answer:
            raise Disagreement(f"The peer answers otherwise than the service to: {what}.")


def _created(url: str, body: str, key: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    created: dict[str, Any] = _json(Request(f"{url}/v1/events", body.encode(), headers))  # noqa: S310 (our own address)
    return created


def _json(request: str | Request) -> Any:
    with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)


def _row(database: str, id: str) -> dict[str, Any]:
    with psycopg.connect(database, row_factory=dict_row) as conn:
        found = conn.execute("SELECT * FROM event WHERE id = %s", (id,)).fetchone()
    return found or {}


def _without(value: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: member for name, member in value.items() if name not in names}
