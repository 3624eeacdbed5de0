"""Examples of webhooks and their deliveries; see examples.py."""

from collections.abc import Callable, Mapping
from typing import Any

from service.http.operation import JSON_PATCH, MERGE_PATCH

_WRITTEN = "2024-04-02T09:30:00.000000Z"
_WEBHOOK_ID = "018e9a2c-6a00-7000-8000-00000000000b"
_DELIVERY_ID = "018e9a2c-6a00-7000-8000-00000000000c"
_RECOVERY_ID = "018e9a2c-6a00-7000-8000-00000000000d"
_EVENT_ID = "018e9a2c-6a00-7000-8000-000000000001"

ARGUMENTS: dict[str, str | int] = {"webhook_id": _WEBHOOK_ID, "seq": 42, "recovery_id": _RECOVERY_ID}

_NEW_WEBHOOK: dict[str, Any] = {
    "url": "https://example.org/policytrail",
    "filter": "topic=batteries&party=JP",
    "kinds": ["create", "update"],
    "payload": "full",
    "description": "Our own copy of what Japan does about batteries",
}

REQUESTS: dict[str, Any] = {"NewWebhook": _NEW_WEBHOOK, "NewRecovery": {"since": "2024-04-01T00:00:00Z"}}

PATCHES: dict[tuple[str, str], Any] = {
    ("Webhook", MERGE_PATCH): {"paused": True},
    ("Webhook", JSON_PATCH): [{"op": "replace", "path": "/paused", "value": True}],
}

_WEBHOOK: dict[str, Any] = {
    **_NEW_WEBHOOK,
    "paused": False,
    "rate_limit": None,
    "ordered": False,
    "handshake": False,
    "id": _WEBHOOK_ID,
    "version": 1,
    "key_id": "018e9a2c-6a00-7000-8000-00000000000a",
    "state": "active",
    "disabled": None,
    "failing_since": None,
    "former_secret_until": None,
    "notices": [],
    "created_at": _WRITTEN,
    "updated_at": _WRITTEN,
}

_DELIVERY: dict[str, Any] = {
    "id": _DELIVERY_ID,
    "seq": 42,
    "event_id": _EVENT_ID,
    "kind": "update",
    "state": "delivered",
    "attempt_count": 1,
    "last_outcome": "accepted",
    "last_status": 200,
    "due_at": None,
    "created_at": _WRITTEN,
    "ended_at": _WRITTEN,
    "url": f"/v1/webhooks/{_WEBHOOK_ID}/deliveries/42",
}

_ANSWERED: dict[str, Any] = {
    "began_at": _WRITTEN,
    "ms": 12,
    "outcome": "accepted",
    "status": 200,
    "headers": {"Content-Type": "text/plain"},
    "answer": "ok",
}

RESPONSES: Mapping[str, Callable[[], Any]] = {
    "Webhook": lambda: _WEBHOOK,
    "WebhookPage": lambda: {"items": [_WEBHOOK], "next": None},
    "IssuedWebhook": lambda: _WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="},
    "Delivery": lambda: _DELIVERY,
    "DeliveryPage": lambda: {"items": [_DELIVERY], "next": None},
    "DeliveryDetail": lambda: _DELIVERY | {"attempts": [{"number": 1, **_ANSWERED}]},
    "Ping": lambda: {"id": _DELIVERY_ID, **_ANSWERED},
    "Recovery": lambda: {
        "id": _RECOVERY_ID,
        "since": "2024-04-01T00:00:00.000000Z",
        "asked_at": _WRITTEN,
        "recovered": 17,
        "ended_at": None,
    },
}
