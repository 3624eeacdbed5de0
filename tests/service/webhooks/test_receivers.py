"""Receivers: their secrets, and the time for which both of two sign."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from service.store.webhooks.pings import RequestedPing
from service.store.webhooks.queue import Endpoint
from service.webhooks.receivers import Receiver, active_secrets


def test_the_former_secret_signs_until_the_overlap_ends() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert active_secrets(b"new", b"old", now + timedelta(seconds=1), now) == (b"new", b"old")
    assert active_secrets(b"new", b"old", now, now) == (b"new",)
    assert active_secrets(b"new", None, None, now) == (b"new",)


def test_secrets_are_not_part_of_a_repr() -> None:
    names = (*_names(Endpoint), *_names(Receiver), *_names(RequestedPing))
    values: dict[str, Any] = dict.fromkeys(names, "shown")
    values |= {"secret": b"xylophone", "former_secret": b"glockenspiel"}
    for kind in (Endpoint, Receiver, RequestedPing):
        text = repr(kind(**{name: values[name] for name in _names(kind)}))
        assert ("shown" in text, "xylophone" in text, "glockenspiel" in text) == (True, False, False)


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]
