"""Ancestors of the schemas and of their text fields.

A request refuses fields that it does not know; a response may gain fields in later versions.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from typing import Any, ClassVar

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, pre_load

#: Unknown fields of one object that get a suggestion: finding the nearest name takes longer than all other checks.
MOST_SUGGESTIONS = 20


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return ` Did you mean "x"?` for the nearest of `names`, or an empty text if none is near."""
    near = get_close_matches(word.lower(), list(names), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


class RequestSchema(Schema):
    """A request's JSON or query: an unknown field is an error that suggests the nearest name."""

    #: Fields that the service computes. A client may send back a record as it read it; they are ignored.
    read_only: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        """Refuse unknown fields."""

        unknown = RAISE

    @pre_load
    def drop_read_only(self, data: Any, **_: Any) -> Any:
        """Remove the computed fields, so that a client can GET a record, edit it and PUT it."""
        if not self.read_only or not isinstance(data, Mapping) or self.read_only.isdisjoint(data):
            return data
        return {name: value for name, value in data.items() if name not in self.read_only}

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:  # noqa: ARG002 (marshmallow's signature)
        """Add the nearest name to each error of an unknown field."""
        names = [field.data_key or name for name, field in self.load_fields.items()]
        if isinstance(error.messages, dict):
            unknown = [name for name, texts in error.messages.items() if texts == [self.error_messages["unknown"]]]
            for name in unknown[:MOST_SUGGESTIONS]:
                error.messages[name] = [f"Unknown field.{did_you_mean(str(name), names)}"]


class ResponseSchema(Schema):
    """A response's JSON: every key is always present, and later versions may add keys."""

    class Meta:
        """Ignore unknown fields, as a client of an older version should."""

        unknown = EXCLUDE


class Flag(fields.Field[bool]):
    """A boolean: `true`, `false` or the bare name in a query, which means true; a boolean in JSON."""

    #: Spellings in a query.
    SPELLINGS = ("", "true", "false")
    _values = {"": True, "true": True, "false": False, True: True, False: False}  # noqa: RUF012 (a constant)

    def __init__(self, **options: Any) -> None:
        """`options`: those of every field."""
        options["metadata"] = {"type": "boolean"} | options.get("metadata", {})
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, str | bool) or value not in self._values:
            raise ValidationError(f"Must be true or false.{did_you_mean(str(value), ('true', 'false'))}")
        return self._values[value]


class BaseQuerySchema(RequestSchema):
    """The query parameter of every operation."""

    pretty = Flag(metadata={"description": "Indent the JSON for reading."})


#: The texts of the stored version of the record that is loaded, each with the name of its field; None for all texts.
_stored_texts: ContextVar[frozenset[tuple[str, str]] | None] = ContextVar("stored_texts", default=frozenset())


@contextmanager
def keeping_texts_of(stored: Any) -> Iterator[None]:
    """Accept in this context the texts that the JSON value `stored` has in fields of the same name."""
    token = _stored_texts.set(frozenset(_texts(stored)))
    try:
        yield
    finally:
        _stored_texts.reset(token)


@contextmanager
def keeping_all_codes() -> Iterator[None]:
    """Accept in this context every code of a valid form: the value that is loaded was valid when it was stored."""
    token = _stored_texts.set(None)
    try:
        yield
    finally:
        _stored_texts.reset(token)


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield name, key
            yield from _texts(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member, name)


class CheckedString(fields.String):
    """A string for which `error_in(text)` returns None."""

    form: dict[str, Any] = {}  # noqa: RUF012 (each subclass has its own)
    #: The rules of the field may become stricter, or its list of codes shorter: what was stored before stays valid.
    keeps_stored: ClassVar[bool] = False

    def __init__(self, **options: Any) -> None:
        """`options`: those of every field. A field that is not required is null by default: unknown is null."""
        if not options.get("required") and "load_default" not in options:
            options |= {"load_default": None, "allow_none": True}
        super().__init__(metadata=self.form | options.pop("metadata", {}), **options)

    def error_in(self, text: str) -> str | None:
        """Return a sentence about the fault in `text`, or None if it is valid."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if (error := self.error_in(text)) and not (self.keeps_stored and self._was_stored(text)):
            raise ValidationError(error)
        return text

    def _was_stored(self, text: str) -> bool:
        texts = _stored_texts.get()
        return bool(re.search(self.form["pattern"], text)) if texts is None else (self.name, text) in texts


class PartField(fields.Nested):
    """A part of a record with one schema for requests and one for responses; the outermost schema decides."""

    def __init__(self, incoming: type[Schema], outgoing: type[Schema], **options: Any) -> None:
        """`incoming` applies inside a RequestSchema, `outgoing` inside any other."""
        self._directions = incoming, outgoing
        super().__init__(outgoing, **options)

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        incoming, outgoing = self._directions
        self.nested = incoming if isinstance(self.root, RequestSchema) else outgoing


def request_schema_of(part: type[Schema]) -> type[Schema]:
    """Return the request schema of a part: ParticipantFields gives NewParticipantSchema."""
    read_only: dict[str, Any] = {"read_only": getattr(part, "computed", frozenset())}
    return type(f"New{part.__name__.removesuffix('Fields')}Schema", (part, RequestSchema), read_only)


def response_schema_of(part: type[Schema], **computed: Any) -> type[Schema]:
    """Return the response schema of a part, with its computed fields."""
    return type(f"{part.__name__.removesuffix('Fields')}Schema", (part, ResponseSchema), computed)
