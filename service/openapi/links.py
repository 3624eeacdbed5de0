"""OpenAPI links from a response to further operations; generated tests follow them."""

from typing import Any

from marshmallow import Schema

from service.openapi.schema_fixes import component_name

_EVENT, _TOPIC, _KEY, _WEBHOOK = (
    {name: "$response.body#/id"} for name in ("event_id", "topic_id", "key_id", "webhook_id")
)
_IF_MATCH = {"If-Match": "$response.header.ETag"}

#: Operations on a record that was just read or written, with their parameters.
_FROM_RECORD: dict[str, dict[str, dict[str, str]]] = {
    "Event": {
        "getEvent": _EVENT,
        "replaceEvent": _EVENT | _IF_MATCH,
        "patchEvent": _EVENT | _IF_MATCH,
        "deleteEvent": _EVENT | _IF_MATCH,
        "mergeEvent": _EVENT | _IF_MATCH,
        "listRevisions": _EVENT,
        "getRevision": _EVENT | {"version": "$response.body#/version"},
        "compareVersions": _EVENT,
        "listRelations": _EVENT,
        "listSimilar": _EVENT,
    },
    "Topic": {
        "getTopic": _TOPIC,
        "replaceTopic": _TOPIC | _IF_MATCH,
        "patchTopic": _TOPIC | _IF_MATCH,
        "deleteTopic": _TOPIC | _IF_MATCH,
    },
    "IssuedKey": {"getKey": _KEY, "revokeKey": _KEY},
    "IssuedWebhook": {
        "getWebhook": _WEBHOOK,
        "replaceWebhook": _WEBHOOK | _IF_MATCH,
        "patchWebhook": _WEBHOOK | _IF_MATCH,
        "deleteWebhook": _WEBHOOK | _IF_MATCH,
        "rotateSecret": _WEBHOOK,
        "listDeliveries": _WEBHOOK,
        "recoverDeliveries": _WEBHOOK,
    },
}

#: Operations whose record is not the current version.
_NOT_CURRENT = frozenset({"getRevision"})


def response_links(operation_id: str, schema: Schema | None) -> dict[str, Any]:
    """Return the links of an operation's success, as references to the components."""
    if schema is None or operation_id in _NOT_CURRENT:
        return {}
    return {name: {"$ref": f"#/components/links/{name}"} for name in _FROM_RECORD.get(component_name(schema), {})}


def links() -> dict[str, Any]:
    """Return every link as a component."""
    return {
        name: {"operationId": name, "parameters": parameters}
        for operations in _FROM_RECORD.values()
        for name, parameters in operations.items()
    }
