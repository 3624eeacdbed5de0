"""Topics that a mapping declares, so that an import can create missing ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from schemas.base import did_you_mean
from schemas.topics import NewTopicSchema
from service.mappings.toml_reader import TomlNode

_TOPIC = NewTopicSchema()
#: The key of a topic's English label.
_LABEL = "label"


def compile_topics(node: TomlNode) -> tuple[dict[str, Any], ...]:
    """Return the topics in the table at `node` as NewTopicSchema loads them, broader ones first."""
    if node.value is None:
        return ()
    topics = {id_: topic for id_, value in node.items() if (topic := _topic(id_, value))}
    for id_, topic in topics.items():
        for broader in topic["broader"]:
            if broader not in node:
                node.at(id_).add_fault(f'broader "{broader}" is not in [topics].{did_you_mean(broader, topics)}')
    ordered = list(_broader_first(topics))
    for id_ in sorted(topics.keys() - {topic["id"] for topic in ordered}):
        node.at(id_).add_fault("leads back to itself through broader.")
    return tuple(ordered)


def _topic(id_: str, node: TomlNode) -> dict[str, Any] | None:
    """Return a topic: a text is its English label, a table has further fields."""
    values: dict[str, Any] = {_LABEL: node.value}
    if not isinstance(node.value, str):
        keys = (_LABEL, *(name for name in _TOPIC.load_fields if name != "id"))
        node.check_keys(keys)
        values = {key: one.value for key, one in node.items() if key in keys} if isinstance(node.value, dict) else {}
        if not values:
            return None
    if _LABEL in values:
        values["labels"] = {"en": values.pop(_LABEL)} | values.get("labels", {})
    if isinstance(values.get("broader"), str):
        values["broader"] = [values["broader"]]
    try:
        return dict(_TOPIC.load(values | {"id": id_}))
    except ValidationError as error:
        for path, sentence in _flatten(error.normalized_messages()):
            node.add_fault(f"{path}: {sentence}" if path else sentence)
    return None


def _flatten(messages: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, inner in messages.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(inner, Mapping):
            yield from _flatten(inner, here)
        else:
            yield from ((here, str(sentence)) for sentence in inner)


def _broader_first(topics: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the topics, each after its broader ones. Topics in a cycle are left out."""
    remaining, done = dict(topics), set[str]()
    while True:
        ready = [id_ for id_, topic in remaining.items() if not (set(topic["broader"]) & topics.keys()) - done]
        if not ready:
            return
        for id_ in ready:
            done.add(id_)
            yield remaining.pop(id_)
