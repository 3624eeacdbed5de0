"""The topics that a mapping declares, so that an import can add those that the service does not know yet."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from schemas.base import did_you_mean
from schemas.topics import NewTopicSchema
from service.mappings.toml_reader import Place

_TOPIC = NewTopicSchema()
#: What may stand in a topic for short: its English label, and one broader topic.
_SHORT = "label"


def topics_of(place: Place) -> tuple[dict[str, Any], ...]:
    """The topics in the table at `place` as NewTopicSchema loads them, broader ones first."""
    if place.value is None:
        return ()
    found = {id_: topic for id_, said in place.items() if (topic := _topic(id_, said))}
    for id_, topic in found.items():
        for broader in topic["broader"]:
            if broader not in place:
                place.at(id_).refuse(f'is part of "{broader}", which is not in [topics].{did_you_mean(broader, found)}')
    ordered = list(_broader_first(found))
    for id_ in sorted(found.keys() - {topic["id"] for topic in ordered}):
        place.at(id_).refuse("leads back to itself through broader.")
    return tuple(ordered)


def _topic(id_: str, place: Place) -> dict[str, Any] | None:
    """A topic: a text is its English label, a table says more of it."""
    said: dict[str, Any] = {_SHORT: place.value}
    if not isinstance(place.value, str):
        known = (_SHORT, *(name for name in _TOPIC.load_fields if name != "id"))
        place.knows(known)
        said = {key: one.value for key, one in place.items() if key in known} if isinstance(place.value, dict) else {}
        if not said:
            return None
    if _SHORT in said:
        said["labels"] = {"en": said.pop(_SHORT)} | said.get("labels", {})
    if isinstance(said.get("broader"), str):
        said["broader"] = [said["broader"]]
    try:
        return dict(_TOPIC.load(said | {"id": id_}))
    except ValidationError as error:
        for path, sentence in _flat(error.normalized_messages()):
            place.refuse(f"{path}: {sentence}" if path else sentence)
    return None


def _flat(messages: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, told in messages.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(told, Mapping):
            yield from _flat(told, here)
        else:
            yield from ((here, str(sentence)) for sentence in told)


def _broader_first(topics: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The topics, each behind those that it is part of. Those in a circle are left out."""
    waiting, given = dict(topics), set[str]()
    while True:
        ready = [id_ for id_, topic in waiting.items() if not (set(topic["broader"]) & topics.keys()) - given]
        if not ready:
            return
        for id_ in ready:
            given.add(id_)
            yield waiting.pop(id_)
