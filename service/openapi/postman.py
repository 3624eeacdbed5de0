"""A Postman collection (v2.1) of the operations in an OpenAPI description, ready to run."""

import json
import re
from collections.abc import Iterator
from typing import Any

Described = dict[str, Any]

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

#: The variables that the user sets, and those that requests set for later ones.
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

#: The values of path parameters.
_PATH_VALUES = {
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

#: The scripts that store a part of a response for later requests.
_STORE_SCRIPTS = {
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

#: The scripts that wait before a request: the worker makes a delivery a moment after the change.
_WAIT_SCRIPTS = {
    "listDeliveries": """\
const query = {
  url: pm.variables.replaceIn("{{baseUrl}}/v1/webhooks/{{webhookId}}/deliveries"),
  header: {Authorization: pm.variables.replaceIn("Bearer {{apiKey}}")},
};
const look = (left) => pm.sendRequest(query, (_, page) => {
  if (left > 0 && page.json().items.length === 0) setTimeout(() => look(left - 1), 200);
});
look(50);"""
}

#: Operations that create the records that others of their folder read.
_FIRST = frozenset({"upsertEvent"})

#: Bodies that reference records of this collection.
_BODIES: dict[str, Any] = {
    "mergeEvent": {"into": "{{otherEventId}}"},
    "createWebhook": {"url": "{{receiverUrl}}", "description": "examples/receiver.py"},
    "replaceWebhook": {"url": "{{receiverUrl}}", "payload": "thin"},
    "patchWebhook": {"payload": "full"},
}

#: Requests that are repeated at the start of a folder, because its other requests need their effect.
_BEFORE = {"similar": "createEvent", "deliveries": "createEvent"}

#: Operations outside the folder of their tag: a webhook is deleted after its deliveries are read.
_FOLDERS = {"deleteWebhook": "deliveries"}


def render_collection(described: Described) -> str:
    """Return the collection as docs/ has it."""
    return json.dumps(collection(described), indent=2, ensure_ascii=False) + "\n"


def collection(described: Described) -> dict[str, Any]:
    """Return a collection with a folder for each tag of `described`."""
    folders: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in described["tags"]}
    for path, method, operation in sorted(_operations(described), key=lambda item: _position(item[2]["operationId"])):
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


def _position(operation_id: str) -> tuple[bool, bool]:
    """Return a sort key: first the operations that others need, last those of another folder."""
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
    """Return `node`, or the component that it references."""
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    component: dict[str, Any] = described["components"][kind][name]
    return component


def _header(parameter: Described) -> dict[str, Any]:
    """Return a header, disabled if it is optional."""
    value = "*" if parameter["name"] == "If-Match" else parameter["schema"]["examples"][0]
    described = {"key": parameter["name"], "value": value, "description": parameter["description"]}
    return described if parameter["required"] else described | {"disabled": True}


def _url(path: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    filled = re.sub(r"\{(\w+)\}", lambda match: _PATH_VALUES[match[1]], path)
    parameters = [_query_parameter(one) for one in query]
    return {"raw": "{{baseUrl}}" + filled, "host": ["{{baseUrl}}"], "path": filled[1:].split("/"), "query": parameters}


def _query_parameter(parameter: Described) -> dict[str, Any]:
    """Return a query parameter, disabled if it is optional."""
    described = {"key": parameter["name"], "value": "", "description": parameter.get("description", "")}
    if parameter["required"]:
        return described | {"value": parameter["schema"]["examples"][0]}
    return described | {"disabled": True}


def _body(operation: Described, described: Described) -> tuple[str, str]:
    media_type, content = next(iter(operation["requestBody"]["content"].items()))
    example = _BODIES.get(operation["operationId"]) or _example(content, described)
    if operation["operationId"] in ("createEvent", "replaceEvent"):
        # Without external ids the request can run twice.
        example = {name: value for name, value in example.items() if name != "external_ids"}
    return media_type, example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _example(content: Described, described: Described) -> Any:
    if "example" in content:
        return content["example"]
    return _resolved(next(iter(content["examples"].values())), described)["value"]


def _scripts(operation: Described) -> list[dict[str, Any]]:
    """Return the scripts around a request: wait, check the status, store a part of the response."""
    expected = [int(status) for status in operation["responses"] if int(status) < 300]  # noqa: PLR2004 (the statuses of success)
    checks = [f'pm.test("responds as documented", () => pm.expect(pm.response.code).to.be.oneOf({expected}));']
    if script := _STORE_SCRIPTS.get(operation["operationId"]):
        checks.append(f"if (pm.response.code < 300) {script}")
    wait = _WAIT_SCRIPTS.get(operation["operationId"])
    before = [_script("prerequest", wait.splitlines())] if wait else []
    return [*before, _script("test", checks)]


def _script(listen: str, lines: list[str]) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}
