"""The two ancestors: what comes in refuses what it does not know; what goes out may grow."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, pre_load

#: Unknown fields of one object for which the nearest known one is looked for: it takes longer than all else.
MOST_SUGGESTIONS = 20


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?` for the nearest of `known`, or nothing where none is near."""
    near = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


class RequestSchema(Schema):
    """What a client may send: an unknown field is an error that names the nearest known one."""

    #: Fields that the service computes. A client may send back what it read; they are ignored.
    read_only: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        """Nothing is dropped in silence."""

        unknown = RAISE

    @pre_load
    def drop_read_only(self, sent: Any, **_: Any) -> Any:
        """Leave out what only the service writes, so that GET, edit, PUT works."""
        if not self.read_only or not isinstance(sent, Mapping) or self.read_only.isdisjoint(sent):
            return sent
        return {name: value for name, value in sent.items() if name not in self.read_only}

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:  # noqa: ARG002 (marshmallow's signature)
        """Name the nearest known field beside each unknown one."""
        known = [field.data_key or name for name, field in self.load_fields.items()]
        if isinstance(error.messages, dict):
            unknown = [name for name, told in error.messages.items() if told == [self.error_messages["unknown"]]]
            for name in unknown[:MOST_SUGGESTIONS]:
                error.messages[name] = [f"Unknown field.{did_you_mean(str(name), known)}"]


class ResponseSchema(Schema):
    """What a client will see: every key is always there, and later versions may add some."""

    class Meta:
        """A reader of an older version ignores what is new."""

        unknown = EXCLUDE


def request_of(part: type[Schema]) -> type[Schema]:
    """The schema by which a part made of `part` comes in: ParticipantFields gives NewParticipantSchema."""
    read_only: dict[str, Any] = {"read_only": getattr(part, "computed", frozenset())}
    return type(f"New{part.__name__.removesuffix('Fields')}Schema", (part, RequestSchema), read_only)


def response_of(part: type[Schema], **computed: Any) -> type[Schema]:
    """The schema by which the same part goes out, with what the service computes."""
    return type(f"{part.__name__.removesuffix('Fields')}Schema", (part, ResponseSchema), computed)


class Part(fields.Nested):
    """A part of a record that comes in by one schema and goes out by another, as the record around it does."""

    def __init__(self, incoming: type[Schema], outgoing: type[Schema], **options: Any) -> None:
        """`incoming` serves beneath a RequestSchema, `outgoing` beneath any other."""
        self._directions = incoming, outgoing
        super().__init__(outgoing, **options)

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        incoming, outgoing = self._directions
        self.nested = incoming if isinstance(self.root, RequestSchema) else outgoing
