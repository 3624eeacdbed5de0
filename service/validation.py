"""Validation by schema: the fast path where a value is surely valid, marshmallow with its messages everywhere else."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal

from marshmallow import Schema, ValidationError

from schemas.fast_load import Unsure, quick_loader
from service.errors import Fault, Invalid
from service.strict_json import pointer_token

Location = Literal["pointer", "parameter"]


def load(schema: Schema, value: Any) -> Any:
    """Return `value` as `schema` loads it. Invalid with a pointer for each message."""
    with suppress(Unsure):
        return quick_loader(type(schema))(value)
    try:
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
