"""A Postman collection (v2.1) of the operations in an OpenAPI description, which runs as it stands."""

import json
import re
from collections.abc import Iterator
from typing import Any

Described = dict[str, Any]

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

#: What a reader sets, and what the requests set for those that follow.
_VARIABLES = {
    "baseUrl": "http://127.0.0.1:8000",
    "apiKey": "",
    "eventId": "",
    "otherEventId": "",
    "topicId": "advanced-materials",
    "keyId": "",
    "externalId": "42",
    "docsDigest": "",
    "importId": "",
    "receiverUrl": "http://127.0.0.1:9000/",
    "webhookId": "",
    "seq": "",
    "recoveryId": "",
}

#: What stands in a path for its parameters.
_IN_PATH = {
    "event_id": "{{eventId}}",
    "topic_id": "{{topicId}}",
    "key_id": "{{keyId}}",
    "version": "1",
    "scheme": "our-tracker",
    "value": "{{externalId}}",
    "code": "invalid",
    "digest": "{{docsDigest}}",
    "asset": "swagger-ui.css",
    "suffix": "csv",
    "import_id": "{{importId}}",
    "webhook_id": "{{webhookId}}",
    "seq": "{{seq}}",
    "recovery_id": "{{recoveryId}}",
}

#: What an operation keeps of its answer for those that follow.
_KEPT = {
    "listEvents": 'pm.collectionVariables.set("otherEventId", pm.response.json().items[0].id);',
    "createEvent": 'pm.collectionVariables.set("eventId", pm.response.json().id);',
    "upsertEvent": 'pm.collectionVariables.set("eventId", pm.response.json().id);',
    "createTopic": 'pm.collectionVariables.set("topicId", pm.response.json().id);',
    "createKey": 'pm.collectionVariables.set("keyId", pm.response.json().id);',
    "showDocs": 'pm.collectionVariables.set("docsDigest", pm.response.text().match(/docs\\/(\\w+)\\//)[1]);',
    "createImport": 'pm.collectionVariables.set("importId", JSON.parse(pm.response.text().split("\\n")[0]).id);',
    "createWebhook": 'pm.collectionVariables.set("webhookId", pm.response.json().id);',
    "listDeliveries": 'pm.collectionVariables.set("seq", pm.response.json().items[0].seq);',
    "recoverDeliveries": 'pm.collectionVariables.set("recoveryId", pm.response.json().id);',
}

#: What an operation waits for before it is sent: a delivery is made by the worker, a moment after the change.
_AWAITED = {
    "listDeliveries": """\
const asked = {
  url: pm.variables.replaceIn("{{baseUrl}}/v1/webhooks/{{webhookId}}/deliveries"),
  header: {Authorization: pm.variables.replaceIn("Bearer {{apiKey}}")},
};
const look = (left) => pm.sendRequest(asked, (_, answer) => {
  if (left > 0 && answer.json().items.length === 0) setTimeout(() => look(left - 1), 200);
});
look(50);"""
}

#: Operations that make what others of their folder read.
_FIRST = frozenset({"upsertEvent"})

#: Bodies that name a record of this collection's own.
_BODIES: dict[str, Any] = {
    "mergeEvent": {"into": "{{otherEventId}}"},
    "createWebhook": {"url": "{{receiverUrl}}", "description": "examples/receiver.py"},
    "replaceWebhook": {"url": "{{receiverUrl}}", "payload": "thin"},
    "patchWebhook": {"payload": "full"},
}

#: What goes before a folder's requests once more, so that they have something to tell of.
_BEFORE = {"similar": "createEvent", "deliveries": "createEvent"}

#: Operations that stand in another folder than their tag's: a webhook is deleted when its deliveries were read.
_FOLDERS = {"deleteWebhook": "deliveries"}


def to_json(described: Described) -> str:
    """The collection as it stands in docs/."""
    return json.dumps(collection(described), indent=2, ensure_ascii=False) + "\n"


def collection(described: Described) -> dict[str, Any]:
    """A collection with a folder for each tag of `described`, its requests in their order."""
    folders: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in described["tags"]}
    for path, method, operation in sorted(_operations(described), key=lambda found: _place(found[2]["operationId"])):
        item = _item(path, method, operation, described)
        folders[_FOLDERS.get(operation["operationId"], operation["tags"][0])].append(item)
        for folder, before in _BEFORE.items():
            if before == operation["operationId"]:
                folders[folder].insert(0, item)
    return {
        "info": {
            "name": described["info"]["title"],
            "description": described["info"]["description"],
            "schema": _SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiKey}}", "type": "string"}]},
        "variable": [{"key": name, "value": value} for name, value in _VARIABLES.items()],
        "item": [{"name": name, "item": items} for name, items in folders.items()],
    }


def _place(operation_id: str) -> tuple[bool, bool]:
    """Sorts what comes first in its folder before the others, and what is moved to another one behind them."""
    return operation_id not in _FIRST, operation_id in _FOLDERS


def _operations(described: Described) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _item(path: str, method: str, operation: Described, described: Described) -> dict[str, Any]:
    parameters = [_resolved(parameter, described) for parameter in operation["parameters"]]
    request: dict[str, Any] = {
        "method": method.upper(),
        "description": operation["description"],
        "header": [_header(parameter) for parameter in parameters if parameter["in"] == "header"],
        "url": _url(path, [parameter for parameter in parameters if parameter["in"] == "query"]),
    }
    if "requestBody" in operation:
        media_type, body = _body(operation, described)
        request["header"].insert(0, {"key": "Content-Type", "value": media_type})
        request["body"] = {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}}
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    return {"name": operation["summary"], "event": _scripts(operation), "request": request}


def _resolved(node: Described, described: Described) -> dict[str, Any]:
    """What `node` is, or what it points at among the components."""
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    found: dict[str, Any] = described["components"][kind][name]
    return found


def _header(parameter: Described) -> dict[str, Any]:
    """A header; what need not be sent is there to be switched on."""
    value = "*" if parameter["name"] == "If-Match" else parameter["schema"]["examples"][0]
    described = {"key": parameter["name"], "value": value, "description": parameter["description"]}
    return described if parameter["required"] else described | {"disabled": True}


def _url(path: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    filled = re.sub(r"\{(\w+)\}", lambda found: _IN_PATH[found[1]], path)
    listed = [_asked(one) for one in query]
    return {"raw": "{{baseUrl}}" + filled, "host": ["{{baseUrl}}"], "path": filled[1:].split("/"), "query": listed}


def _asked(parameter: Described) -> dict[str, Any]:
    """A parameter of the query; what need not be given is there to be switched on."""
    described = {"key": parameter["name"], "value": "", "description": parameter.get("description", "")}
    if parameter["required"]:
        return described | {"value": parameter["schema"]["examples"][0]}
    return described | {"disabled": True}


def _body(operation: Described, described: Described) -> tuple[str, str]:
    media_type, content = next(iter(operation["requestBody"]["content"].items()))
    example = _BODIES.get(operation["operationId"]) or _example(content, described)
    if operation["operationId"] in ("createEvent", "replaceEvent"):
        example = {
            name: value for name, value in example.items() if name != "external_ids"
        }  # so that it can be sent twice
    return media_type, example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _example(content: Described, described: Described) -> Any:
    if "example" in content:
        return content["example"]
    return _resolved(next(iter(content["examples"].values())), described)["value"]


def _scripts(operation: Described) -> list[dict[str, Any]]:
    """What is waited for, that the answer is one of the successes described, and what is kept of it."""
    expected = [int(status) for status in operation["responses"] if int(status) < 300]  # noqa: PLR2004 (what is no success)
    tested = [f'pm.test("is answered as described", () => pm.expect(pm.response.code).to.be.oneOf({expected}));']
    if kept := _KEPT.get(operation["operationId"]):
        tested.append(f"if (pm.response.code < 300) {kept}")
    awaited = _AWAITED.get(operation["operationId"])
    before = [_script("prerequest", awaited.splitlines())] if awaited else []
    return [*before, _script("test", tested)]


def _script(listen: str, lines: list[str]) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}
