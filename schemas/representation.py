"""Parameters that choose the representation of a response: its format and its fields."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields

from schemas.base import Flag, RequestSchema, did_you_mean

#: Formats of events; `json` comes in pages.
EVENT_FORMATS = ("json", "ndjson", "csv", "parquet", "atom", "jsonfeed", "ical")
#: Formats of figures, and of the agenda.
FIGURE_FORMATS = ("json", "ndjson", "csv", "parquet")
AGENDA_FORMATS = ("json", "csv", "ical")

_FORMAT = (
    "Format of the response; it takes precedence over Accept. `ndjson`, `csv` and `parquet` contain all matches;"
    " `atom`, `jsonfeed` and `ical` are feeds of the newest."
)


class FieldSelection(fields.Field[frozenset[str]]):
    """Names of top-level fields, joined by commas or in a list; `id` is always included."""

    def __init__(self, schema: type[Schema], **options: Any) -> None:
        """`schema`: the schema whose fields can be selected."""
        self.names = tuple(schema().fields)
        super().__init__(load_default=None, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> frozenset[str]:
        names = [str(name) for name in value] if isinstance(value, list) else str(value).split(",")
        for name in names:
            if name not in self.names:
                raise ValidationError(f'There is no field "{name[:100]}".{did_you_mean(name, self.names)}')
        return frozenset((*names, "id"))


class Choice(fields.Field[str]):
    """One of a few words."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        """`words`: the valid words."""
        self.words = words
        options["metadata"] = {"type": "string", "enum": list(words)} | options.get("metadata", {})
        super().__init__(**{"load_default": None} | options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if value not in self.words:
            raise ValidationError(f"Must be one of: {', '.join(self.words)}.{did_you_mean(str(value), self.words)}")
        return str(value)


def fields_parameter(schema: type[Schema], **options: Any) -> FieldSelection:
    """Return the parameter `fields` of responses of `schema`."""
    return FieldSelection(
        schema,
        **options,
        metadata={"description": "Only these top-level fields, joined by commas; `id` is always included."},
    )


def format_query(names: tuple[str, ...], description: str = _FORMAT) -> dict[str, Any]:
    """Return the parameters `format`, one of `names`, and `bom`."""
    return {
        "format": Choice(names, metadata={"description": description}),
        "bom": Flag(
            load_default=False,
            metadata={"description": "Begin CSV with a byte order mark; without it Excel assumes another encoding."},
        ),
    }


class FormatQuerySchema(RequestSchema):
    """The format of a list of events."""

    format, bom = format_query(EVENT_FORMATS).values()
