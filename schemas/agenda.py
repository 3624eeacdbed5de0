"""The agenda: open dates and commitments, across events."""

from typing import Any

from marshmallow import ValidationError, fields

from schemas import vocabulary as words
from schemas.base import ResponseSchema
from schemas.fields import Edtf, Identifier, Jurisdiction, Text, Word
from schemas.filters import ExpandQuerySchema, FilterQuerySchema
from schemas.lists import PageQuerySchema
from schemas.representation import AGENDA_FORMATS, Choice, format_query

#: The groups of items by due day, seen from today.
GROUPS = ("overdue", "this_month", "later", "undated")

_DAY = {"format": "date"}


class Day(fields.Date):
    """A day, YYYY-MM-DD."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        length = len("2024-04-01")
        if not isinstance(value, str) or len(value) != length:  # 20240401 is another form of the same standard
            raise ValidationError('Must be a day such as "2024-04-01".')
        return super()._deserialize(value, attr, data, **kwargs)


class AgendaQuerySchema(FilterQuerySchema, PageQuerySchema, ExpandQuerySchema):
    """Filters of events, and the day from which the agenda is seen."""

    format, bom = format_query(
        AGENDA_FORMATS, "Format of the response; it takes precedence over Accept. `csv` contains all matching items."
    ).values()
    today = Day(
        load_default=None, metadata={"description": "Day from which the agenda is seen; today in UTC by default."}
    )
    group = Choice(GROUPS, metadata={"description": "Return only this group; the others are null."})


class AgendaItemSchema(ResponseSchema):
    """An expected date, a deadline or a commitment that is still open."""

    event_id = Identifier(required=True)
    event_title = Text(500, required=True)
    event_type = Word(words.EventType, required=True)
    event_status = Word(words.Status)
    item = fields.String(
        required=True,
        metadata={"description": "The fact in the event, such as `dates/launch` or `statements/promise`."},
    )
    kind = fields.String(
        required=True,
        metadata={
            "enum": [*words.DateKind.words(), "commitment"],
            "description": "Kind of date, a word of `date_kind`; or `commitment`.",
        },
    )
    modality = fields.String(required=True, metadata={"enum": ["expected", "deadline", "pending"]})
    edtf = Edtf()
    earliest = fields.String(allow_none=True, metadata=_DAY)
    due = fields.String(
        allow_none=True,
        metadata=_DAY | {"description": "Last day that the date can mean; null without one."},
    )
    days = fields.Integer(
        allow_none=True, metadata={"description": "Days from today until it is due; negative if overdue."}
    )
    text = Text(5000, metadata={"description": "Text of the commitment."})
    speaker = Text(300, metadata={"description": "Name of the participant that made the commitment."})
    parties = fields.List(Jurisdiction(required=True), required=True)


class AgendaGroupSchema(ResponseSchema):
    """A page of the items of one group."""

    items = fields.List(fields.Nested(AgendaItemSchema), required=True)
    next = fields.String(
        required=True,
        allow_none=True,
        metadata={"format": "uri-reference", "description": "URL of the group's next page; null on the last."},
    )


def _group(description: str) -> fields.Nested:
    return fields.Nested(
        AgendaGroupSchema,
        required=True,
        allow_none=True,
        metadata={"description": f"{description} Null if `group` names another."},
    )


class AgendaSchema(ResponseSchema):
    """Open items, by the day on which they are due."""

    today = fields.String(required=True, metadata=_DAY)
    overdue = _group("Due before today, the latest first.")
    this_month = _group("Due from today until the end of the month, the soonest first.")
    later = _group("Due after this month, the soonest first.")
    undated = _group("Due on no known day.")
