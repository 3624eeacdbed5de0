"""Figures across events."""

from marshmallow import fields

from schemas import vocabulary as words
from schemas.base import Flag, ResponseSchema
from schemas.fields import Currency, Decimal, Edtf, Identifier, Jurisdiction, Link, Slug, Text, Word
from schemas.filters import ExpandQuerySchema, FilterQuerySchema
from schemas.lists import PageQuerySchema, page_of
from schemas.representation import FIGURE_FORMATS, format_query

#: The types of the period of a figure.
PERIOD_TYPES = ("day", "month", "quarter", "season", "third", "half", "year", "range", "interval")

_DAY = {"format": "date"}


class FigureQuerySchema(FilterQuerySchema, PageQuerySchema, ExpandQuerySchema):
    """Filters of events, of which the `figure_` filters select figures, too."""

    format, bom = format_query(
        FIGURE_FORMATS,
        "Format of the response; it takes precedence over Accept. All but `json` contain all matching figures.",
    ).values()
    sums = Flag(load_default=False, metadata={"description": "Return the sums of all matching figures, too."})


class FlatFigureSchema(ResponseSchema):
    """A figure with its event, its subject and its source."""

    event_id = Identifier(required=True)
    event_title = Text(500, required=True)
    event_type = Word(words.EventType, required=True)
    event_status = Word(words.Status)
    event_date = Edtf(metadata={"description": "Main date of the event."})
    event_date_earliest = fields.String(allow_none=True, metadata=_DAY)
    event_date_latest = fields.String(allow_none=True, metadata=_DAY)
    figure_id = Slug(required=True)
    measure = Word(words.Measure, required=True)
    label = Text(300)
    comparator = Word(words.Comparator)
    value = Decimal(required=True)
    value_max = Decimal(metadata={"description": "Greatest value of a range, of which `value` is the least."})
    currency = Currency()
    unit = Text(40)
    value_type = Word(words.ValueType)
    period = Edtf()
    period_earliest = fields.String(allow_none=True, metadata=_DAY)
    period_latest = fields.String(allow_none=True, metadata=_DAY)
    subject = Slug(metadata={"description": "Id of the participant that the figure is about."})
    subject_name = Text(300)
    subject_jurisdiction = Jurisdiction()
    as_reported = Text(300)
    source_title = Text(500, metadata={"description": "Title of the first source that supports the figure."})
    source_publisher = Text(300)
    source_url = Link()
    source_published = Edtf()
    quote = Text(2000, metadata={"description": "Quote of the source."})


class FigureSumSchema(ResponseSchema):
    """Figures with the same measure, currency or unit, type of value and type of period."""

    measure = Word(words.Measure, required=True)
    currency = Currency()
    unit = Text(40)
    value_type = Word(words.ValueType)
    period_type = fields.String(
        allow_none=True,
        metadata={"enum": [*PERIOD_TYPES, None], "description": "Type of their period; null without one."},
    )
    count = fields.Integer(required=True)
    inexact = fields.Integer(
        required=True,
        metadata={"description": "Number of figures whose value is approximate, one-sided or a range."},
    )
    sum = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Exact sum, as text. Null if values do not add up (shares, rates, prices, durations), if"
            " intervals differ in length, or without currency and unit."
        },
    )
    sum_max = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The same with the greatest value of each range; equal to `sum` without ranges."},
    )
    least = fields.String(required=True)
    greatest = fields.String(required=True)


class FigureSumsSchema(ResponseSchema):
    """The sums of all matching figures."""

    complete = fields.Boolean(
        required=True, metadata={"description": "False if too many events match; then the newest are summed."}
    )
    groups = fields.List(fields.Nested(FigureSumSchema), required=True)


class FigurePageSchema(page_of(FlatFigureSchema)):  # type: ignore[misc]  # made by a function
    """A page of figures."""

    sums = fields.Nested(
        FigureSumsSchema, required=True, allow_none=True, metadata={"description": "Null without the parameter `sums`."}
    )
