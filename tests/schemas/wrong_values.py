"""Events with every field, one of which has a wrong value."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from marshmallow import Schema, fields

from schemas.events import NewEventSchema
from tests.factories import a_full_event

Path = tuple[str | int, ...]

#: Values that are wrong for most fields.
WRONG = [1, 1.5, True, "x", [], {}, None, [[]], -0.0, 10**40, "", " ", [None], {"x": 1}, "\U0010ffff", "\x7f", "a\r\nb"]


def paths_in_schema(schema: Schema, value: Any, path: Path = ()) -> Iterator[tuple[Path, fields.Field[Any]]]:
    """Yield each field of `schema` and of its parts, with a path to it in `value`."""
    for name, field in schema.load_fields.items():
        yield from paths_in_field(field, value.get(name), (*path, name))


def paths_in_field(field: fields.Field[Any], value: Any, path: Path) -> Iterator[tuple[Path, fields.Field[Any]]]:
    """Yield `field` at `path` and its members; the longest member of a list represents all."""
    yield path, field
    if isinstance(field, fields.List):
        index = max(range(len(value)), key=lambda place: len(value[place]))
        yield from paths_in_field(field.inner, value[index], (*path, index))
    elif isinstance(field, fields.Nested):
        yield from paths_in_schema(field.schema, value, path)


FIELDS = list(paths_in_schema(NewEventSchema(), a_full_event()))


def full_event_with(path: Path, value: Any) -> dict[str, Any]:
    """Return an event with every field and `value` at `path`."""
    event = deepcopy(a_full_event())
    holder: Any = event
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return event
