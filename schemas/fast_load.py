"""Loading what is surely valid, several times as fast as marshmallow, which stays the judge of everything else.

Every field of a request loads to the JSON value it was given, so a schema's verdict can be compiled into plain loops.
What they are not sure of is left to `schema.load`, which finds it valid after all or says what is wrong and where.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from marshmallow import Schema, fields, missing, validate

from schemas.base import CheckedString

Load = Callable[[Any], Any]


class Unsure(Exception):
    """Marshmallow has to judge this value."""


@cache
def quick_loader(schema_class: type[Schema]) -> Load:
    """A function that loads as `schema_class` does, or raises Unsure: always where the schema would refuse."""
    return _object(schema_class())


def _object(schema: Schema) -> Load:
    """Load an object: every field of `schema`, its default where it is not given, nothing unknown."""
    if getattr(schema, "never_quick", False):
        return _never_sure
    plan = [_planned(name, field) for name, field in schema.load_fields.items()]
    ignored: frozenset[str] = getattr(schema, "read_only", frozenset())
    holds_together: Callable[[dict[str, Any]], bool] = getattr(schema, "holds_together", lambda _: True)

    def load(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Unsure
        loaded, given = {}, 0
        for name, load_field, default, nullable in plan:
            member = value.get(name, missing)
            if member is missing:
                loaded[name] = default()
                continue
            given += 1
            if member is not None:
                loaded[name] = load_field(member)
            elif nullable:
                loaded[name] = None
            else:
                raise Unsure
        if given < len(value) and given + sum(name in ignored for name in value) < len(value):
            raise Unsure
        if not holds_together(loaded):
            raise Unsure
        return loaded

    return load


def _planned(name: str, field: fields.Field[Any]) -> tuple[str, Load, Callable[[], Any], bool]:
    default = field.load_default
    return name, _loader(field), _default(default, required=field.required), field.allow_none


def _default(default: Any, *, required: bool) -> Callable[[], Any]:
    if required:
        return _missing
    return default if callable(default) else lambda: default


def _missing() -> Any:
    raise Unsure


def _loader(field: fields.Field[Any]) -> Load:
    if isinstance(field, CheckedString):
        return _text(field)
    if isinstance(field, fields.List):
        return _list(_loader(field.inner), *_bounds(field))
    if isinstance(field, fields.Nested):
        return _object(field.schema)
    return _never_sure


def _text(field: CheckedString) -> Load:
    error_in = field.error_in

    def load(value: Any) -> Any:
        if type(value) is not str or error_in(value) is not None:
            raise Unsure
        return value

    return load


def _list(load_member: Load, least: int, most: int) -> Load:
    def load(value: Any) -> Any:
        if type(value) is not list or not least <= len(value) <= most:
            raise Unsure
        return [load_member(member) for member in value]

    return load


def _bounds(field: fields.List[Any]) -> tuple[int, int]:
    [length] = [check for check in field.validators if isinstance(check, validate.Length)]
    return length.min or 0, length.max or 0


def _never_sure(_: Any) -> Any:
    raise Unsure
