"""Validation by schema: a fast loader for values that are surely valid, marshmallow for all others and for messages."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Literal

from marshmallow import Schema, ValidationError, fields, missing, validate

from schemas.base import CheckedString, keeping_texts_of
from service.errors import Fault, Invalid
from service.strict_json import pointer_token

Location = Literal["pointer", "parameter"]
Load = Callable[[Any], Any]


def load(schema: Schema, value: Any, stored: Any = None) -> Any:
    """Return `value` as `schema` loads it. Invalid with a pointer for each message.

    Codes and texts that the version before, `stored`, has in the same fields are valid, whatever the rules of today.
    """
    with suppress(Unsure):
        return fast_loader(type(schema))(value)
    try:
        with keeping_texts_of(stored):
            return schema.load(value)
    except ValidationError as error:
        raise Invalid(faults=faults_of(error.normalized_messages(), "pointer")) from error


def faults_of(messages: Mapping[Any, Any], location: Location, path: tuple[Any, ...] = ()) -> Iterator[Fault]:
    """Yield a fault for each of marshmallow's nested `messages`, which stand at `path`."""
    for name, inner in messages.items():
        here = path if name == "_schema" and location == "pointer" else (*path, name)
        if isinstance(inner, Mapping):
            yield from faults_of(inner, location, here)
        else:
            where = (
                str(here[0]) if location == "parameter" else "#" + "".join(f"/{pointer_token(step)}" for step in here)
            )
            yield from (Fault(sentence, **{location: where}) for sentence in inner)


class Unsure(Exception):
    """The value needs marshmallow: it is invalid, or of a kind that the fast loader does not know."""


@cache
def fast_loader(schema_class: type[Schema]) -> Load:
    """Return a function that loads as `schema_class` does, or raises Unsure: always for an invalid value.

    Every field of a request loads to the JSON value that came, so a schema compiles into plain loops, several times as
    fast as marshmallow.
    """
    return _object(schema_class())


def _object(schema: Schema) -> Load:
    """Return a loader of objects: every field of `schema`, or its default, and no unknown one."""
    if getattr(schema, "never_quick", False):
        return _never_sure
    plan = [_step(name, field) for name, field in schema.load_fields.items()]
    ignored: frozenset[str] = getattr(schema, "read_only", frozenset())
    is_consistent: Callable[[dict[str, Any]], bool] = getattr(schema, "is_consistent", lambda _: True)

    def load(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Unsure
        record, count = {}, 0
        for name, load_field, default, nullable in plan:
            member = value.get(name, missing)
            if member is missing:
                record[name] = default()
                continue
            count += 1
            if member is not None:
                record[name] = load_field(member)
            elif nullable:
                record[name] = None
            else:
                raise Unsure
        if count < len(value) and count + sum(name in ignored for name in value) < len(value):
            raise Unsure
        if not is_consistent(record):
            raise Unsure
        return record

    return load


def _step(name: str, field: fields.Field[Any]) -> tuple[str, Load, Callable[[], Any], bool]:
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
