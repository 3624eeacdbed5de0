"""Hooks of schemathesis: valid records, and its own key, which it must not revoke."""

import json
import os
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis.specs.openapi.checks import use_after_free

#: Operations that still work after a deletion, by design: on revoked keys and on versions of events.
_REMAINING = frozenset({"getKey", "listRevisions", "getRevision", "compareVersions"})

#: A minimal event, which generated values complete where no rule connects them to others.
_EVENT: dict[str, Any] = {
    "event_type": "announcement",
    "participants": [{"id": "jp", "name": "Japan", "role": "party", "jurisdiction": "JP"}],
    "sources": [{"id": "report", "type": "news_article"}],
}
#: Fields without a rule that connects them to others.
_INDEPENDENT = ("title", "summary", "description", "event_type", "status", "instruments", "tags")

#: Ids of the events that were created, the latest last.
_created: list[str] = []


def _event(generated: dict[str, Any]) -> dict[str, Any]:
    return {"title": "A policy"} | _EVENT | {name: generated[name] for name in _INDEPENDENT if name in generated}


def _topic(generated: dict[str, Any], id_: str) -> dict[str, Any]:
    return {"id": id_, "labels": generated.get("labels") or {"en": "a topic"}}


def _operation_id(case: Any) -> Any:
    return case.operation.definition.raw.get("operationId")


@schemathesis.serializer("application/x-ndjson", "application/ndjson", "application/jsonl")
def serialize_rows(_: Any, value: Any) -> bytes:
    """Send text as it is: the description declares a body of rows as text."""
    return (value if isinstance(value, str) else json.dumps(value)).encode(errors="surrogatepass")


@schemathesis.check
def use_after_delete(ctx: Any, response: Any, case: Any) -> bool | None:
    """Check that a deleted record remains deleted."""
    return None if _operation_id(case) in _REMAINING else use_after_free(ctx, response, case)


@schemathesis.hook
def before_call(_: Any, case: Any, __: dict[str, Any]) -> None:
    """Make the records of the stateful phase valid, and keep the key."""
    operation_id = _operation_id(case)
    if operation_id == "revokeKey" and case.path_parameters.get("key_id") == os.environ["POLICYTRAIL_TEST_KEY_ID"]:
        case.path_parameters["key_id"] = str(uuid4())
    if operation_id == "listChanges" and case.query:
        case.query.pop("wait", None)  # it would take half a minute without entries
    if not _is_stateful_and_valid(case) or not isinstance(case.body, dict):
        return
    if operation_id in ("createEvent", "replaceEvent", "upsertEvent"):
        case.body = _event(case.body)
    elif operation_id == "createTopic":
        case.body = _topic(case.body, f"t-{uuid4()}")
    elif operation_id == "replaceTopic":
        case.body = _topic(case.body, case.path_parameters["topic_id"])
    elif operation_id in ("patchEvent", "patchTopic"):
        case.body = {}
    elif operation_id == "mergeEvent":
        others = [id_ for id_ in _created if id_ != case.path_parameters["event_id"]]
        case.body = {"into": others[-1]} if others else case.body


@schemathesis.hook
def after_call(_: Any, case: Any, response: Any) -> None:
    """Remember an event, so that others can be merged into it."""
    created = 201
    if _operation_id(case) == "createEvent" and response.status_code == created:
        _created.append(response.json()["id"])


def _is_stateful_and_valid(case: Any) -> bool:
    return bool(case.meta and case.meta.phase.name.value == "stateful" and case.meta.generation.mode.is_positive)
