"""From marshmallow's messages to faults."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.errors import Fault
from service.strict_json import pointer_token


def faults_of(messages: Mapping[Any, Any], place: str, path: tuple[Any, ...] = ()) -> Iterator[Fault]:
    """Nested messages as faults; `place` is pointer, parameter or header."""
    for name, inner in messages.items():
        here = path if name == "_schema" and place == "pointer" else (*path, name)
        if isinstance(inner, Mapping):
            yield from faults_of(inner, place, here)
        else:
            where = str(here[0]) if place == "parameter" else "#" + "".join(f"/{pointer_token(step)}" for step in here)
            yield from (Fault(sentence, **{place: where}) for sentence in inner)
