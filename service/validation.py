"""What a client sent, judged by its schema: quickly where it is surely valid, by marshmallow everywhere else."""

from contextlib import suppress
from typing import Any

from marshmallow import Schema, ValidationError

from schemas.fast_load import Unsure, quick_loader
from service.errors import Invalid
from service.faults import faults_of


def load(schema: Schema, value: Any) -> Any:
    """`value` as `schema` loads it. Invalid with a pointer for each message."""
    with suppress(Unsure):
        return quick_loader(type(schema))(value)
    try:
        return schema.load(value)
    except ValidationError as error:
        messages = error.normalized_messages()
        raise Invalid("See `errors` for what is not valid, and where.", faults_of(messages, "pointer")) from error
