"""The parts of an event. The checks between their fields are in consistency.py."""

from typing import ClassVar

from marshmallow import Schema, fields

from schemas import vocabulary as words
from schemas.base import PartField, request_schema_of, response_schema_of
from schemas.fields import (
    Currency,
    DayOrInstant,
    Decimal,
    Edtf,
    FactRef,
    Identifier,
    Jurisdiction,
    Language,
    Link,
    Reference,
    Slug,
    Text,
    Word,
    list_of,
)

_FACT_ID = {"description": "Unique within its list; the service makes one if it is missing."}


class ExternalIdFields(Schema):
    """The event's id in another system; unique across all events."""

    scheme = Slug(required=True)
    value = Text(200, required=True)


class NameFields(Schema):
    """A name of the event beside its title."""

    id = Slug(metadata=_FACT_ID)
    value = Text(500, required=True)
    lang = Language()
    kind = Word(words.NameKind)


class ParticipantFields(Schema):
    """A person, institution or country with its role in the event."""

    id = Slug(metadata=_FACT_ID)
    name = Text(300, required=True)
    type = Word(words.ParticipantType)
    role = Word(words.ParticipantRole, required=True)
    jurisdiction = Jurisdiction()
    position = Text(300)
    on_behalf_of = Slug(metadata={"description": "Id of the participant that this one acts or speaks for."})
    as_reported = Text(500)


class DateFields(Schema):
    """A date on which something happened or is expected."""

    computed: ClassVar[frozenset[str]] = frozenset({"earliest", "latest"})

    id = Slug(metadata=_FACT_ID)
    kind = Word(words.DateKind, required=True)
    edtf = Edtf(required=True)
    modality = Word(words.Modality, required=True)
    resolves = Slug(metadata={"description": "Id of the expected date or deadline that this one settles."})


class TopicUseFields(Schema):
    """A topic of /v1/topics that the event concerns."""

    id = Slug(required=True)
    role = Word(words.TopicRole)


class FigureFields(Schema):
    """A number with its measure and unit. Unknown fields are null."""

    id = Slug(metadata=_FACT_ID)
    measure = Word(words.Measure, required=True)
    label = Text(300)
    subject = Slug(metadata={"description": "Id of the participant that the figure is about."})
    value = Decimal(required=True)
    value_max = Decimal(metadata={"description": "Greatest value of a range, of which `value` is the least."})
    comparator = Word(words.Comparator)
    currency = Currency()
    unit = Text(40, metadata={"examples": ["GWh", "%"]})
    period = Edtf()
    value_type = Word(words.ValueType)
    as_reported = Text(300)


class StatementFields(Schema):
    """A statement by a participant."""

    id = Slug(metadata=_FACT_ID)
    speaker = Slug(metadata={"description": "Id of the participant that made the statement."})
    text = Text(5000, required=True)
    form = Word(words.StatementForm)
    kind = Word(words.StatementKind)
    outcome = Word(words.StatementOutcome)
    resolved_by = FactRef(metadata={"description": "The fact of this record that shows the outcome."})


class SourceFields(Schema):
    """A document that facts are taken from."""

    id = Slug(metadata=_FACT_ID)
    type = Word(words.SourceType, required=True)
    tier = Word(words.SourceTier)
    title = Text(500)
    publisher = Text(300)
    author = Text(300)
    url = Link()
    lang = Language()
    published = Edtf()
    accessed_at = DayOrInstant()
    archive_url = Link()
    derived_from = list_of(
        Slug(required=True), 50, metadata={"description": "Ids of the sources that this one repeats."}
    )


class QuoteFields(Schema):
    """The words of a source that support a fact, and their place in it."""

    exact = Text(2000, required=True)
    prefix = Text(500)
    suffix = Text(500)
    page = Text(40)


NewQuoteSchema, QuoteSchema = request_schema_of(QuoteFields), response_schema_of(QuoteFields)


class CitationFields(Schema):
    """A link from a fact to a source that supports, contradicts or clarifies it."""

    fact = FactRef(required=True)
    source = Slug(required=True)
    stance = Word(words.Stance, required=True)
    quote = PartField(NewQuoteSchema, QuoteSchema, load_default=None, allow_none=True)


class RelationFields(Schema):
    """A relation from the event to another event, or to a URI."""

    type = Word(words.RelationType, required=True)
    event = Identifier()
    uri = Reference()
    note = Text(1000)


class ChangeFields(Schema):
    """The reason for this version; null where its writer gave none."""

    kind = Word(words.ChangeKind)
    reason = Text(1000)


NewExternalIdSchema, ExternalIdSchema = request_schema_of(ExternalIdFields), response_schema_of(ExternalIdFields)
NewNameSchema, NameSchema = request_schema_of(NameFields), response_schema_of(NameFields)
NewParticipantSchema, ParticipantSchema = request_schema_of(ParticipantFields), response_schema_of(ParticipantFields)
NewDateSchema = request_schema_of(DateFields)
DateSchema = response_schema_of(
    DateFields,
    earliest=fields.String(allow_none=True, metadata={"format": "date", "description": "First possible day."}),
    latest=fields.String(allow_none=True, metadata={"format": "date", "description": "Last possible day."}),
)
NewTopicUseSchema, TopicUseSchema = request_schema_of(TopicUseFields), response_schema_of(TopicUseFields)
NewFigureSchema, FigureSchema = request_schema_of(FigureFields), response_schema_of(FigureFields)
NewStatementSchema, StatementSchema = request_schema_of(StatementFields), response_schema_of(StatementFields)
NewSourceSchema, SourceSchema = request_schema_of(SourceFields), response_schema_of(SourceFields)
NewCitationSchema, CitationSchema = request_schema_of(CitationFields), response_schema_of(CitationFields)
NewRelationSchema, RelationSchema = request_schema_of(RelationFields), response_schema_of(RelationFields)
NewChangeSchema, ChangeSchema = request_schema_of(ChangeFields), response_schema_of(ChangeFields)
