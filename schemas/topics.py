"""Topics: a concept scheme in the terms of SKOS."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Language, Reference, Slug, Text, Timestamp, list_of


class KeyedDict(fields.Dict):
    """A mapping whose errors are reported at its keys, so that a pointer leads to the faulty member."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(*args, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow's own
        except ValidationError as error:
            if isinstance(error.messages, dict):
                error.messages = {key: texts.get("key") or texts["value"] for key, texts in error.messages.items()}
            raise


def by_language(value: fields.Field[Any], **options: Any) -> fields.Dict:
    """Return a field that maps at most 100 languages to `value`."""
    if not options.get("required"):
        options |= {"load_default": dict, "validate": validate.Length(max=100)}
    return KeyedDict(keys=Language(required=True), values=value, **options)


class TopicFields(Schema):
    """The fields that a client writes."""

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
    broader = list_of(Slug(required=True), 10, metadata={"description": "Ids of the topics one level above this one."})
    exact_match = list_of(
        Reference(required=True), 20, metadata={"description": "The same concept in other schemes (skos:exactMatch)."}
    )


COMPUTED = frozenset({"version", "created_at", "updated_at"})


class NewTopicSchema(TopicFields, RequestSchema):
    """A topic in a request. Computed fields are accepted and ignored."""

    read_only: ClassVar[frozenset[str]] = COMPUTED


class TopicSchema(TopicFields, ResponseSchema):
    """A topic in a response."""

    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


def topic_content(topic: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `topic` that a client writes, without the computed ones."""
    return {name: value for name, value in topic.items() if name not in COMPUTED}
