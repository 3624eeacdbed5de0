"""The event: what a client sends, and what it sees."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas import parts
from schemas import vocabulary as words
from schemas.base import PartField, RequestSchema, ResponseSchema
from schemas.consistency import Path, findings
from schemas.fields import BoundedList, Identifier, Language, Text, Timestamp, Word, list_of

#: Why some fields take part in every version, and these are the service's own: see DECISIONS.md.
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
    """What an event says."""

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
    """An event as a client sends it. What the service computes may be sent back and is ignored."""

    read_only: ClassVar[frozenset[str]] = COMPUTED

    @staticmethod
    def holds_together(event: dict[str, Any]) -> bool:
        """Whether `event`, loaded, passes every check between its parts."""
        return next(findings(event), None) is None

    @validates_schema
    def check_parts(self, event: dict[str, Any], **_: Any) -> None:
        """What one part says of another is so."""
        errors: dict[str | int, Any] = {}
        for path, sentence in findings(event):
            _put(errors, path, sentence)
        if errors:
            raise ValidationError(errors)


class Identity(Schema):
    """What an event is known by."""

    id = Identifier(required=True, metadata={"description": "UUIDv7, made by the service."})


class EventSchema(EventFields, Identity, ResponseSchema):
    """An event as a client sees it."""

    verification = Word(words.Verification, required=True)
    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True, metadata={"description": "When this version was written."})
    content_changed_at = Timestamp(
        required=True, metadata={"description": "When the event last said something else; tags and external ids aside."}
    )
    record_state = Word(words.RecordState, required=True)
    merged_into = Identifier(metadata={"description": "The event that this one was found to be."})


class MergeSchema(RequestSchema):
    """The event that another one is merged into."""

    into = Identifier(required=True, metadata={"description": "The event that stays."})


def _put(errors: dict[str | int, Any], path: Path, sentence: str) -> None:
    """Set `sentence` at `path` in nested `errors`, as marshmallow lays them out."""
    *above, last = path
    for step in above:
        errors = errors.setdefault(step, {})
    here = errors.setdefault(last, [])
    if isinstance(here, dict):  # something is wrong within it, too: this stands beside that as marshmallow has it
        here = here.setdefault("_schema", [])
    here.append(sentence)
