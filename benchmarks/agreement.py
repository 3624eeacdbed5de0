"""Agreement of the service and the peer: the same answers and the same rows, before anything is timed."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import psycopg
from psycopg.rows import dict_row

from benchmarks.articles import event_id

#: Members and columns that differ by design: new with each event, or computed by the service alone.
_OWN = {"id", "key_id", "verification", "created_at", "updated_at", "content_changed_at", "occurred_at"}

#: The service's own lexemes have this letter: marks of language, words that mean themselves, codes. Others of its own
#: begin with a capital: whole titles (T), other names (N) and countries (J).
_MARK = "\ua78f"

#: Rows of an event that a reader depends on, by their names.
_ROWS = {
    "the event": "SELECT * FROM event WHERE id = %(id)s",
    "its revision": "SELECT * FROM event_revision WHERE id = %(id)s",
    "its external ids": "SELECT scheme, value FROM event_external_id WHERE event_id = %(id)s ORDER BY 1, 2",
    "its sources": "SELECT url_key FROM event_source WHERE event_id = %(id)s ORDER BY 1",
    "its outbox row": "SELECT version, kind, changed, change_kind, merged_into FROM outbox WHERE event_id = %(id)s",
    "its search row": """
        SELECT month, day, facets, date_earliest, date_latest,
               ARRAY(SELECT lexeme FROM unnest(tsv) WHERE lexeme NOT LIKE %(mark)s AND lexeme !~ '^[JNT]'
                      ORDER BY lexeme) AS words
          FROM event_search
         WHERE event_id = %(id)s
        """,
}

Answers = dict[str, Any]


class Disagreement(Exception):
    """The service and the peer answer differently."""


def answers(url: str, database: str, body: str, key: str) -> Answers:
    """Return the answers of the server at `url` to one request of each kind, and the rows that it writes for `body`."""
    reads = {
        "GET one": _json(f"{url}/v1/events/{event_id(1)}"),
        "list of 50": _json(f"{url}/v1/events?limit=50")["items"],
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    event = _json(Request(f"{url}/v1/events", body.encode(), headers))  # noqa: S310 (our own address)
    return reads | {"create": _comparable(event)} | _rows(database, event["id"])


def require_agreement(service: Answers, peer: Answers) -> None:
    """Raise Disagreement, which names the request or row, unless both are equal."""
    for name, answer in service.items():
        if peer[name] != answer:
            raise Disagreement(f"Service and peer differ in {name}: {_difference(answer, peer[name])}")


def _json(request: str | Request) -> Any:
    with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)


def _rows(database: str, id: str) -> Answers:
    with psycopg.connect(database, row_factory=dict_row) as conn:
        parameters = {"id": id, "mark": f"%{_MARK}%"}
        return {
            name: [_comparable(row) for row in conn.execute(query, parameters).fetchall()]
            for name, query in _ROWS.items()
        }


def _comparable(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return `value` without members that differ by design; the document of a row is compared as the answer."""
    return {name: _without_own(member) for name, member in value.items() if name not in {*_OWN, "document"}}


def _without_own(member: Any) -> Any:
    if isinstance(member, list):
        return [item for item in member if not (isinstance(item, str) and item.startswith("verification:"))]
    return member


def _difference(ours: Any, theirs: Any) -> str:
    """Return the first members that differ, shortened."""
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs) and not _are_words(ours):
        ours, theirs = next((pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]), (ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        return "; ".join(f"{name} {_difference(ours.get(name), theirs.get(name))}" for name in names[:5])
    if _are_words(ours) and _are_words(theirs):
        ours, theirs = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    return f"{ours!r} / {theirs!r}"[:500]


def _are_words(member: Any) -> bool:
    return isinstance(member, list) and all(isinstance(one, str) for one in member)
