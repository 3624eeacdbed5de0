"""Relations of one event, in both directions."""

from marshmallow import fields

from schemas import vocabulary as words
from schemas.base import ResponseSchema
from schemas.fields import Identifier, Reference, Text, Word

#: Names of a relation in both directions.
_TYPES = (*words.RelationType.words(), *words.InverseRelationType.words())


class RelatedEventSchema(ResponseSchema):
    """The current event at the other end: merges are followed.

    If this event was imported from another service without the related one, only the id is known.
    """

    id = Identifier(required=True)
    title = Text(500, metadata={"description": "Null if the event was deleted or is not stored here."})
    record_state = Word(words.RecordState)


class EventRelationSchema(ResponseSchema):
    """A relation in this event's record (outgoing), or in another's that points to this one (incoming)."""

    direction = fields.String(required=True, metadata={"enum": ["outgoing", "incoming"]})
    type = fields.String(
        required=True,
        metadata={
            "enum": list(dict.fromkeys(_TYPES)),
            "description": "A word of `relation_type` if outgoing, of `inverse_relation_type` if incoming.",
        },
    )
    event = fields.Nested(RelatedEventSchema, required=True, allow_none=True)
    uri = Reference()
    note = Text(1000)
