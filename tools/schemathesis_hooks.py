"""What schemathesis cannot guess: which records hold together, and on which branch it sits itself."""

import os
from typing import Any
from uuid import uuid4

import schemathesis

#: The least that makes a record. What was generated is laid over it where it can do no harm to the whole.
_EVENT: dict[str, Any] = {
    "event_type": "announcement",
    "participants": [{"id": "jp", "name": "Japan", "role": "party", "jurisdiction": "JP"}],
    "sources": [{"id": "report", "type": "news_article"}],
}
#: Fields that no other part of the record has to agree with.
_INDEPENDENT = ("title", "summary", "description", "event_type", "status", "instruments", "tags")


def _event(generated: dict[str, Any]) -> dict[str, Any]:
    return {"title": "A policy"} | _EVENT | {name: generated[name] for name in _INDEPENDENT if name in generated}


def _topic(generated: dict[str, Any], id_: str) -> dict[str, Any]:
    return {"id": id_, "labels": generated.get("labels") or {"en": "a topic"}}


@schemathesis.hook
def before_call(_: Any, case: Any, __: dict[str, Any]) -> None:
    """Let whole lives happen in the stateful phase: what is created there is valid, and the key lives on."""
    operation_id = case.operation.definition.raw.get("operationId")
    if operation_id == "revokeKey" and case.path_parameters.get("key_id") == os.environ["POLICYTRAIL_TEST_KEY_ID"]:
        case.path_parameters["key_id"] = str(uuid4())
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


def _is_stateful_and_valid(case: Any) -> bool:
    return bool(case.meta and case.meta.phase.name.value == "stateful" and case.meta.generation.mode.is_positive)
