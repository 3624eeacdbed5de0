"""How an event stands to others, seen from its own end."""

from marshmallow import fields

from schemas import vocabulary as words
from schemas.base import ResponseSchema
from schemas.fields import Identifier, Reference, Text, Word

#: What a relation is called from either end.
_TYPES = (*words.RelationType.words(), *words.InverseRelationType.words())


class RelatedEventSchema(ResponseSchema):
    """The event at the other end, as it is now: one that was merged is the event that it was merged into.

    Of one that stayed behind when this one was imported from another service nothing is known but the id.
    """

    id = Identifier(required=True)
    title = Text(500, metadata={"description": "Null where the event was deleted, or is not here."})
    record_state = Word(words.RecordState)


class EventRelationSchema(ResponseSchema):
    """A relation that this event states (outgoing), or that another states to it (incoming)."""

    direction = fields.String(required=True, metadata={"enum": ["outgoing", "incoming"]})
    type = fields.String(
        required=True,
        metadata={
            "enum": list(dict.fromkeys(_TYPES)),
            "description": "A word of `relation_type` where outgoing, of `inverse_relation_type` where incoming.",
        },
    )
    event = fields.Nested(RelatedEventSchema, required=True, allow_none=True)
    uri = Reference()
    note = Text(1000)
