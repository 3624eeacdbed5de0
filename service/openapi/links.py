"""Where a client can go on from an answer: OpenAPI's links, which generated tests follow."""

from typing import Any

from marshmallow import Schema

from service.openapi.schema_fixes import component_name

_EVENT, _TOPIC, _KEY, _WEBHOOK = (
    {name: "$response.body#/id"} for name in ("event_id", "topic_id", "key_id", "webhook_id")
)
_MATCHED = {"If-Match": "$response.header.ETag"}

#: What can be done with a record that was just read or written: operation and its parameters.
_FROM_RECORD: dict[str, dict[str, dict[str, str]]] = {
    "Event": {
        "getEvent": _EVENT,
        "replaceEvent": _EVENT | _MATCHED,
        "patchEvent": _EVENT | _MATCHED,
        "deleteEvent": _EVENT | _MATCHED,
        "mergeEvent": _EVENT | _MATCHED,
        "listRevisions": _EVENT,
        "getRevision": _EVENT | {"version": "$response.body#/version"},
        "compareVersions": _EVENT,
        "listRelations": _EVENT,
        "listSimilar": _EVENT,
    },
    "Topic": {
        "getTopic": _TOPIC,
        "replaceTopic": _TOPIC | _MATCHED,
        "patchTopic": _TOPIC | _MATCHED,
        "deleteTopic": _TOPIC | _MATCHED,
    },
    "IssuedKey": {"getKey": _KEY, "revokeKey": _KEY},
    "IssuedWebhook": {
        "getWebhook": _WEBHOOK,
        "replaceWebhook": _WEBHOOK | _MATCHED,
        "patchWebhook": _WEBHOOK | _MATCHED,
        "deleteWebhook": _WEBHOOK | _MATCHED,
        "rotateSecret": _WEBHOOK,
        "listDeliveries": _WEBHOOK,
        "recoverDeliveries": _WEBHOOK,
    },
}

#: Operations whose record is not the one that its id leads to now.
_OTHERWISE = frozenset({"getRevision"})


def links_of(operation_id: str, schema: Schema | None) -> dict[str, Any]:
    """The links of an operation's success, as references to the components."""
    if schema is None or operation_id in _OTHERWISE:
        return {}
    return {name: {"$ref": f"#/components/links/{name}"} for name in _FROM_RECORD.get(component_name(schema), {})}


def links() -> dict[str, Any]:
    """Every link."""
    return {
        name: {"operationId": name, "parameters": parameters}
        for followed in _FROM_RECORD.values()
        for name, parameters in followed.items()
    }
