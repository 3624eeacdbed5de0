"""Topics: a concept scheme in SKOS's terms."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Language, Reference, Slug, Text, Timestamp, list_of


class Mapped(fields.Dict):
    """A mapping whose errors stand at its keys, so that a pointer leads to what was sent."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(*args, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow's own
        except ValidationError as error:
            if isinstance(error.messages, dict):
                error.messages = {key: found.get("key") or found["value"] for key, found in error.messages.items()}
            raise


def by_language(value: fields.Field[Any], **options: Any) -> fields.Dict:
    """A mapping of at most 100 languages to `value`."""
    if not options.get("required"):
        options |= {"load_default": dict, "validate": validate.Length(max=100)}
    return Mapped(keys=Language(required=True), values=value, **options)


class TopicFields(Schema):
    """A concept that events are about."""

    id = Slug(required=True)
    labels = by_language(
        Text(200, required=True),
        required=True,
        validate=validate.Length(1, 100),
        metadata={"description": "Preferred label by language (skos:prefLabel)."},
    )
    alt_labels = by_language(
        list_of(Text(200, required=True), 50), metadata={"description": "Other labels by language (skos:altLabel)."}
    )
    definition = by_language(Text(2000, required=True), metadata={"description": "Definition by language."})
    broader = list_of(Slug(required=True), 10, metadata={"description": "Ids of the topics that this one is part of."})
    exact_match = list_of(
        Reference(required=True), 20, metadata={"description": "The same concept in other schemes (skos:exactMatch)."}
    )


COMPUTED = frozenset({"version", "created_at", "updated_at"})


class NewTopicSchema(TopicFields, RequestSchema):
    """A topic as a client sends it."""

    read_only: ClassVar[frozenset[str]] = COMPUTED


class TopicSchema(TopicFields, ResponseSchema):
    """A topic as a client sees it."""

    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


def content_of(topic: Mapping[str, Any]) -> dict[str, Any]:
    """What a client says of `topic`, without what the service computes."""
    return {name: value for name, value in topic.items() if name not in COMPUTED}
