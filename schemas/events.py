"""The event, in requests and in responses."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas import parts
from schemas import vocabulary as words
from schemas.base import PartField, RequestSchema, ResponseSchema
from schemas.consistency import Path, findings
from schemas.fields import BoundedList, Identifier, Language, Text, Timestamp, Word, list_of

#: Fields that the service computes. DECISIONS.md has the reason why the others take part in every version.
COMPUTED = frozenset(
    {
        "id",
        "verification",
        "version",
        "created_at",
        "updated_at",
        "content_changed_at",
        "record_state",
        "merged_into",
    }
)


class EventFields(Schema):
    """The fields that a client writes."""

    external_ids = list_of(PartField(parts.NewExternalIdSchema, parts.ExternalIdSchema), 50)
    title = Text(500, required=True)
    names = list_of(PartField(parts.NewNameSchema, parts.NameSchema), 50)
    summary = Text(5_000)
    description = Text(100_000)
    lang = Language(metadata={"description": "Language of title, summary and description, BCP 47."})
    event_type = Word(words.EventType, required=True)
    instruments = list_of(Word(words.Instrument, required=True), 30)
    status = Word(words.Status)
    participants = BoundedList(
        PartField(parts.NewParticipantSchema, parts.ParticipantSchema), required=True, validate=validate.Length(1, 500)
    )
    dates = list_of(PartField(parts.NewDateSchema, parts.DateSchema), 100)
    topics = list_of(PartField(parts.NewTopicUseSchema, parts.TopicUseSchema), 100)
    figures = list_of(PartField(parts.NewFigureSchema, parts.FigureSchema), 500)
    statements = list_of(PartField(parts.NewStatementSchema, parts.StatementSchema), 500)
    sources = BoundedList(
        PartField(parts.NewSourceSchema, parts.SourceSchema), required=True, validate=validate.Length(1, 200)
    )
    citations = list_of(PartField(parts.NewCitationSchema, parts.CitationSchema), 2_000)
    relations = list_of(PartField(parts.NewRelationSchema, parts.RelationSchema), 500)
    tags = list_of(Text(100, required=True), 100)
    change = PartField(parts.NewChangeSchema, parts.ChangeSchema, load_default=lambda: {"kind": None, "reason": None})


class NewEventSchema(EventFields, RequestSchema):
    """An event in a request. Computed fields are accepted and ignored."""

    read_only: ClassVar[frozenset[str]] = COMPUTED

    @staticmethod
    def is_consistent(event: dict[str, Any]) -> bool:
        """Return True if the loaded `event` passes every check between its parts."""
        return next(findings(event), None) is None

    @validates_schema
    def check_parts(self, event: dict[str, Any], **_: Any) -> None:
        """Check the references between the parts of the loaded `event`."""
        errors: dict[str | int, Any] = {}
        for path, sentence in findings(event):
            _add_error(errors, path, sentence)
        if errors:
            raise ValidationError(errors)


class Identity(Schema):
    """The id of an event."""

    id = Identifier(required=True, metadata={"description": "UUIDv7, made by the service."})


class EventSchema(EventFields, Identity, ResponseSchema):
    """An event in a response."""

    verification = Word(words.Verification, required=True)
    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True, metadata={"description": "Time at which this version was written."})
    content_changed_at = Timestamp(
        required=True,
        metadata={"description": "Time of the last change of the content; tags and external ids do not count."},
    )
    record_state = Word(words.RecordState, required=True)
    merged_into = Identifier(metadata={"description": "The event that this one was merged into."})


class MergeSchema(RequestSchema):
    """The event that another one is merged into."""

    into = Identifier(required=True, metadata={"description": "The event that stays."})


def _add_error(errors: dict[str | int, Any], path: Path, sentence: str) -> None:
    """Add `sentence` at `path` of the nested `errors`, in marshmallow's layout."""
    *above, last = path
    for step in above:
        errors = errors.setdefault(step, {})
    here = errors.setdefault(last, [])
    if isinstance(here, dict):  # the part has errors within it, too: marshmallow puts those of the whole beside them
        here = here.setdefault("_schema", [])
    here.append(sentence)
