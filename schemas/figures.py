"""Figures across events."""

from marshmallow import fields

from schemas import vocabulary as words
from schemas.base import Flag, ResponseSchema
from schemas.fields import Currency, Decimal, Edtf, Identifier, Jurisdiction, Link, Slug, Text, Word
from schemas.filters import FilterQuerySchema
from schemas.lists import PageQuerySchema, page_of
from schemas.representation import FIGURE_FORMATS, format_query

#: What sorts of period a figure can be of.
PERIOD_TYPES = ("day", "month", "quarter", "season", "third", "half", "year", "range", "interval")

_DAY = {"format": "date"}


class FigureQuerySchema(FilterQuerySchema, PageQuerySchema):
    """Which figures. The filters select events, and those that begin with `figure_` the figures themselves."""

    format, bom = format_query(
        FIGURE_FORMATS, "The form of the answer, before what Accept says. All but `json` hold all figures that match."
    ).values()
    sums = Flag(load_default=False, metadata={"description": "Whether all figures that match are summed as well."})


class FlatFigureSchema(ResponseSchema):
    """A figure with its event, its subject and its source."""

    event_id = Identifier(required=True)
    event_title = Text(500, required=True)
    event_type = Word(words.EventType, required=True)
    event_status = Word(words.Status)
    event_date = Edtf(metadata={"description": "The event's main date."})
    event_date_earliest = fields.String(allow_none=True, metadata=_DAY)
    event_date_latest = fields.String(allow_none=True, metadata=_DAY)
    figure_id = Slug(required=True)
    measure = Word(words.Measure, required=True)
    label = Text(300)
    comparator = Word(words.Comparator)
    value = Decimal(required=True)
    currency = Currency()
    unit = Text(40)
    value_type = Word(words.ValueType)
    period = Edtf()
    period_earliest = fields.String(allow_none=True, metadata=_DAY)
    period_latest = fields.String(allow_none=True, metadata=_DAY)
    subject = Slug(metadata={"description": "Id of the participant whom the figure is about."})
    subject_name = Text(300)
    subject_jurisdiction = Jurisdiction()
    as_reported = Text(300)
    source_title = Text(500, metadata={"description": "Of the first source that supports the figure."})
    source_publisher = Text(300)
    source_url = Link()
    source_published = Edtf()
    quote = Text(2000, metadata={"description": "The source's words."})


class FigureSumSchema(ResponseSchema):
    """The figures that agree in measure, currency or unit, type of value and type of period."""

    measure = Word(words.Measure, required=True)
    currency = Currency()
    unit = Text(40)
    value_type = Word(words.ValueType)
    period_type = fields.String(
        allow_none=True,
        metadata={"enum": [*PERIOD_TYPES, None], "description": "What sort of period they are of; null: of none."},
    )
    count = fields.Integer(required=True)
    inexact = fields.Integer(
        required=True, metadata={"description": "How many of them are said to be about, more or less than the value."}
    )
    sum = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Exact, as text. Null where values do not add up (shares, rates, prices, durations), where"
            " intervals are not all as long, and where neither currency nor unit is known."
        },
    )
    least = fields.String(required=True)
    greatest = fields.String(required=True)


class FigureSumsSchema(ResponseSchema):
    """All figures that match, summed."""

    complete = fields.Boolean(
        required=True, metadata={"description": "False where too many events match; then the newest are summed."}
    )
    groups = fields.List(fields.Nested(FigureSumSchema), required=True)


class FigurePageSchema(page_of(FlatFigureSchema)):  # type: ignore[misc]  # made by a function
    """A page of figures."""

    sums = fields.Nested(
        FigureSumsSchema, required=True, allow_none=True, metadata={"description": "Null unless `sums` asks for it."}
    )
