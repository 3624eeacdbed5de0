"""What a client may ask of an answer's form: which fields, indented, counted."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields

from schemas.base import Flag, RequestSchema, did_you_mean

#: What events can be had as; `json` is pages of them.
EVENT_FORMATS = ("json", "ndjson", "csv", "parquet", "atom", "jsonfeed", "ical")
#: The same of figures, and of the agenda.
FIGURE_FORMATS = ("json", "ndjson", "csv", "parquet")
AGENDA_FORMATS = ("json", "csv", "ical")


class FieldSelection(fields.Field[frozenset[str]]):
    """Top-level names of a schema, joined by commas or in a list; `id` is always among them."""

    def __init__(self, schema: type[Schema], **options: Any) -> None:
        """`schema`: whose names are valid."""
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
        """`words`: those that are valid."""
        self.words = words
        options["metadata"] = {"type": "string", "enum": list(words)} | options.get("metadata", {})
        super().__init__(**{"load_default": None} | options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if value not in self.words:
            raise ValidationError(f"Must be one of: {', '.join(self.words)}.{did_you_mean(str(value), self.words)}")
        return str(value)


def fields_parameter(schema: type[Schema], **options: Any) -> FieldSelection:
    """The parameter `fields` for answers of `schema`."""
    return FieldSelection(
        schema,
        **options,
        metadata={"description": "Only these top-level fields, joined by commas; `id` is always there."},
    )


_FORMAT = (
    "The form of the answer, before what Accept says. `ndjson`, `csv` and `parquet` hold all that match; `atom`,"
    " `jsonfeed` and `ical` are feeds of the newest."
)


def format_query(names: tuple[str, ...], description: str = _FORMAT) -> dict[str, Any]:
    """The parameters that choose a form among `names`."""
    return {
        "format": Choice(names, metadata={"description": description}),
        "bom": Flag(
            load_default=False,
            metadata={
                "description": "Begin CSV with a byte order mark, without which Excel takes it for another encoding."
            },
        ),
    }


class FormatQuerySchema(RequestSchema):
    """In what form events are asked for."""

    format, bom = format_query(EVENT_FORMATS).values()
