"""Versions of topics, as rows of the database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.topics import TopicSchema
from service.events.normalize import timestamp
from service.store.topics import TopicRow
from service.strict_json import render

_RESPONSE = TopicSchema()


def first_topic(content: Mapping[str, Any], now: datetime) -> TopicRow:
    """Return the first version of a topic with `content`, loaded by NewTopicSchema."""
    return _row({**content, "version": 1, "created_at": timestamp(now), "updated_at": timestamp(now)})


def next_topic(content: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> TopicRow:
    """Return the version that follows `before`, a stored topic."""
    updated_at = max(timestamp(now), before["updated_at"])
    version = {"version": before["version"] + 1, "created_at": before["created_at"], "updated_at": updated_at}
    return _row({**content, **version})


def _row(topic: dict[str, Any]) -> TopicRow:
    return TopicRow(
        id=topic["id"],
        version=topic["version"],
        broader=topic["broader"],
        document=render(_RESPONSE.dump(topic)),
        created_at=datetime.fromisoformat(topic["created_at"]),
        updated_at=datetime.fromisoformat(topic["updated_at"]),
    )
