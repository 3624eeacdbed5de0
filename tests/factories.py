"""Events and topics for tests: a test says only what matters to it."""

from typing import Any


def an_event(**said: Any) -> dict[str, Any]:
    """What a client must at least send for an event, with `said` over it."""
    return {
        "title": "A policy",
        "event_type": "announcement",
        "participants": [{"id": "jp", "name": "Japan", "role": "party", "jurisdiction": "JP"}],
        "sources": [{"id": "report", "type": "news_article"}],
    } | said


def a_topic(id: str, **said: Any) -> dict[str, Any]:
    """What a client must at least send for a topic, with `said` over it."""
    return {"id": id, "labels": {"en": id}} | said
