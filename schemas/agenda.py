"""What is still to come, across events."""

from typing import Any

from marshmallow import ValidationError, fields

from schemas import vocabulary as words
from schemas.base import ResponseSchema
from schemas.fields import Edtf, Identifier, Jurisdiction, Text, Word
from schemas.filters import FilterQuerySchema
from schemas.lists import PageQuerySchema
from schemas.representation import AGENDA_FORMATS, Choice, format_query

#: When something is due, seen from today.
GROUPS = ("overdue", "this_month", "later", "undated")

_DAY = {"format": "date"}


class Day(fields.Date):
    """A day, YYYY-MM-DD."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        length = len("2024-04-01")
        if not isinstance(value, str) or len(value) != length:  # 20240401 is another form of the same standard
            raise ValidationError('Must be a day such as "2024-04-01".')
        return super()._deserialize(value, attr, data, **kwargs)


class AgendaQuerySchema(FilterQuerySchema, PageQuerySchema):
    """Of which events, seen from which day."""

    format, bom = format_query(
        AGENDA_FORMATS, "The form of the answer, before what Accept says. `csv` holds all that match."
    ).values()
    today = Day(load_default=None, metadata={"description": "The day it is seen from; when not given, today in UTC."})
    group = Choice(GROUPS, metadata={"description": "Only this group; the others are null."})


class AgendaItemSchema(ResponseSchema):
    """A date that is expected or a deadline, or a commitment, of which nothing more is known yet."""

    event_id = Identifier(required=True)
    event_title = Text(500, required=True)
    event_type = Word(words.EventType, required=True)
    event_status = Word(words.Status)
    item = fields.String(
        required=True, metadata={"description": "The fact of the event: `dates/launch`, `statements/promise`."}
    )
    kind = fields.String(
        required=True,
        metadata={
            "enum": [*words.DateKind.words(), "commitment"],
            "description": "What is to happen, a word of `date_kind`; or that it is a commitment.",
        },
    )
    modality = fields.String(required=True, metadata={"enum": ["expected", "deadline", "pending"]})
    edtf = Edtf()
    earliest = fields.String(allow_none=True, metadata=_DAY)
    due = fields.String(
        allow_none=True,
        metadata=_DAY | {"description": "The last day that the date can mean. Null where there is none."},
    )
    days = fields.Integer(
        allow_none=True, metadata={"description": "Days from today until it is due; below zero where that is past."}
    )
    text = Text(5000, metadata={"description": "What was promised."})
    speaker = Text(300, metadata={"description": "Who promised it."})
    parties = fields.List(Jurisdiction(required=True), required=True)


class AgendaGroupSchema(ResponseSchema):
    """Items of one group, and where more of them are."""

    items = fields.List(fields.Nested(AgendaItemSchema), required=True)
    next = fields.String(
        required=True,
        allow_none=True,
        metadata={"format": "uri-reference", "description": "The group's next page, as it is; null on the last."},
    )


def _group(description: str) -> fields.Nested:
    return fields.Nested(
        AgendaGroupSchema, required=True, allow_none=True, metadata={"description": f"{description} Null if not asked."}
    )


class AgendaSchema(ResponseSchema):
    """What is still to come, by when it is due."""

    today = fields.String(required=True, metadata=_DAY)
    overdue = _group("Due before today, the latest first.")
    this_month = _group("Due from today until the end of the month, the soonest first.")
    later = _group("Due after this month, the soonest first.")
    undated = _group("Due on no day that is known.")
