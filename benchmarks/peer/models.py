"""The record as pydantic models: the same fields, and of the service's rules those that pydantic states by itself."""

from datetime import date, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel, Field, StringConstraints

from benchmarks.peer.vocabulary import (
    ChangeKind,
    Comparator,
    DateKind,
    EventType,
    Instrument,
    Measure,
    Modality,
    NameKind,
    ParticipantRole,
    ParticipantType,
    RecordState,
    RelationType,
    SourceTier,
    SourceType,
    Stance,
    StatementForm,
    StatementKind,
    StatementOutcome,
    Status,
    TopicRole,
    ValueType,
    Verification,
)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Text40 = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Text100 = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text200 = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text300 = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Text500 = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text1000 = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Text2000 = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Text5000 = Annotated[str, StringConstraints(min_length=1, max_length=5_000)]
Text100000 = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
Language = Annotated[str, StringConstraints(min_length=2, max_length=35)]
Edtf = Annotated[str, StringConstraints(min_length=1, max_length=64)]
CountryCode = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
DecimalText = Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,18})?$")]
Link = Annotated[str, StringConstraints(pattern="^https?://", max_length=2_000)]
FactRef = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,15}(/[a-z0-9][a-z0-9._-]{0,63})?$")]
PartId = Annotated[Slug, Field(default_factory=lambda: uuid4().hex)]


class ExternalId(BaseModel):
    """An id that another system gave the event."""

    scheme: Slug
    value: Text200


class Name(BaseModel):
    """A name of the event beside its title."""

    id: PartId
    value: Text500
    lang: Language | None = None
    kind: NameKind | None = None


class Participant(BaseModel):
    """Who takes part, in what role."""

    id: PartId
    name: Text300
    type: ParticipantType | None = None
    role: ParticipantRole
    jurisdiction: CountryCode | None = None
    position: Text300 | None = None
    on_behalf_of: Slug | None = None
    as_reported: Text500 | None = None


class NewDate(BaseModel):
    """When something happened or is to happen."""

    id: PartId
    kind: DateKind
    edtf: Edtf
    modality: Modality
    resolves: Slug | None = None


class Date(NewDate):
    """A date with the days it can mean."""

    earliest: date | None
    latest: date | None


class TopicUse(BaseModel):
    """A concept that the event concerns."""

    id: Slug
    role: TopicRole | None = None


class Figure(BaseModel):
    """A number with what it measures."""

    id: PartId
    measure: Measure
    label: Text300 | None = None
    subject: Slug | None = None
    value: DecimalText
    value_max: DecimalText | None = None
    comparator: Comparator | None = None
    currency: CurrencyCode | None = None
    unit: Text40 | None = None
    period: Edtf | None = None
    value_type: ValueType | None = None
    as_reported: Text300 | None = None


class Statement(BaseModel):
    """What somebody said."""

    id: PartId
    speaker: Slug | None = None
    text: Text5000
    form: StatementForm | None = None
    kind: StatementKind | None = None
    outcome: StatementOutcome | None = None
    resolved_by: FactRef | None = None


class Source(BaseModel):
    """Where facts come from."""

    id: PartId
    type: SourceType
    tier: SourceTier | None = None
    title: Text500 | None = None
    publisher: Text300 | None = None
    author: Text300 | None = None
    url: Link | None = None
    lang: Language | None = None
    published: Edtf | None = None
    accessed_at: datetime | None = None
    archive_url: Link | None = None
    derived_from: Annotated[list[Slug], Field(max_length=50)] = []


class Quote(BaseModel):
    """The words that bear a fact out."""

    exact: Text2000
    prefix: Text500 | None = None
    suffix: Text500 | None = None
    page: Text40 | None = None


class Citation(BaseModel):
    """That a source supports, contradicts or clarifies a fact."""

    fact: FactRef
    source: Slug
    stance: Stance
    quote: Quote | None = None


class Relation(BaseModel):
    """How the event stands to another, or to something outside."""

    type: RelationType
    event: UUID | None = None
    uri: Text2000 | None = None
    note: Text1000 | None = None


class Change(BaseModel):
    """Why this version differs from the one before."""

    kind: ChangeKind | None = None
    reason: Text1000 | None = None


class EventFields(BaseModel):
    """What an event says, its dates aside."""

    external_ids: Annotated[list[ExternalId], Field(max_length=50)] = []
    title: Text500
    names: Annotated[list[Name], Field(max_length=50)] = []
    summary: Text5000 | None = None
    description: Text100000 | None = None
    lang: Language | None = None
    event_type: EventType
    instruments: Annotated[list[Instrument], Field(max_length=30)] = []
    status: Status | None = None
    participants: Annotated[list[Participant], Field(min_length=1, max_length=500)]
    topics: Annotated[list[TopicUse], Field(max_length=100)] = []
    figures: Annotated[list[Figure], Field(max_length=500)] = []
    statements: Annotated[list[Statement], Field(max_length=500)] = []
    sources: Annotated[list[Source], Field(min_length=1, max_length=200)]
    citations: Annotated[list[Citation], Field(max_length=2_000)] = []
    relations: Annotated[list[Relation], Field(max_length=500)] = []
    tags: Annotated[list[Text100], Field(max_length=100)] = []
    change: Change = Change()


class NewEvent(EventFields):
    """An event as a client sends it."""

    dates: Annotated[list[NewDate], Field(max_length=100)] = []


class Event(EventFields):
    """An event as a client sees it."""

    id: UUID
    dates: list[Date]
    verification: Verification
    version: int
    created_at: datetime
    updated_at: datetime
    content_changed_at: datetime
    record_state: RecordState
    merged_into: UUID | None


Member = TypeVar("Member")


class Page(BaseModel, Generic[Member]):
    """Some of many."""

    items: list[Member]
    next: str | None
