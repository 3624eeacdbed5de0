"""An event that says everything, with one field of it spoilt."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from marshmallow import Schema, fields

from schemas.events import NewEventSchema
from tests.factories import a_full_event

Path = tuple[str | int, ...]

#: Values that most fields cannot have.
WRONG = [1, 1.5, True, "x", [], {}, None, [[]], -0.0, 10**40, "", " ", [None], {"x": 1}, "\U0010ffff", "\x7f", "a\r\nb"]


def every_field(schema: Schema, sent: Any, path: Path = ()) -> Iterator[tuple[Path, fields.Field[Any]]]:
    """Each field of `schema` and of the parts beneath it, with a place for it in `sent`."""
    for name, field in schema.load_fields.items():
        yield from every_place(field, sent.get(name), (*path, name))


def every_place(field: fields.Field[Any], sent: Any, path: Path) -> Iterator[tuple[Path, fields.Field[Any]]]:
    """`field` at `path`, and what is beneath it; of a list's members the one that says most stands for all."""
    yield path, field
    if isinstance(field, fields.List):
        index = max(range(len(sent)), key=lambda place: len(sent[place]))
        yield from every_place(field.inner, sent[index], (*path, index))
    elif isinstance(field, fields.Nested):
        yield from every_field(field.schema, sent, path)


FIELDS = list(every_field(NewEventSchema(), a_full_event()))


def full_event_with(path: Path, value: Any) -> dict[str, Any]:
    """A full event with `value` at `path`."""
    event = deepcopy(a_full_event())
    holder: Any = event
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return event
