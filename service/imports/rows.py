"""Rows of an import, each with its line: parsed rows, and rows that were refused before any event was looked up."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from schemas.events import NewEventSchema
from schemas.fields import Identifier
from service import strict_json
from service.errors import ServiceError
from service.imports.line_reader import LINE_TOO_LONG, EmptyRows, Line
from service.store.imports import RowError
from service.strict_json import JsonLimits
from service.validation import load

#: Errors that are recorded of one row.
MAX_ROW_ERRORS = 20

ExternalId = tuple[str, str]

_NEW_EVENT = NewEventSchema()
_REQUIRED = frozenset(name for name, field in _NEW_EVENT.load_fields.items() if field.required)


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be written."""

    line: int
    errors: tuple[RowError, ...]
    #: Bytes of the file up to the end of the row.
    end: int = 0


@dataclass(frozen=True)
class ImportRow:
    """A row: `text` is its JSON object as the service renders it, or the JSON object of a table's cells by column."""

    line: int
    text: bytes
    #: The same for equal rows, so that a repeated row is recognised.
    digest: bytes
    #: The row is about the event with one of these external ids, or else about the event with the id `id`.
    external_ids: tuple[ExternalId, ...]
    id: UUID
    #: The row states the id of its event; otherwise `id` is derived from the row, or nil and unused.
    says_id: bool
    #: `text` holds the cells of a table.
    is_flat: bool = False
    end: int = 0
    #: The digest of the tracker's rows that a mapping made the row of; None without a mapping.
    source: bytes | None = None
    #: The content as NewEventSchema loads it, where the row is validated already.
    loaded: dict[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def keys(self) -> tuple[object, ...]:
        """Keys of the row. Rows that share one may be about one event and must be written in order."""
        return (self.id, *self.external_ids) if self.says_id else self.external_ids or (self.id,)


@dataclass(frozen=True)
class KnownRow:
    """Rows of a tracker that an earlier import has mapped, and whose event is still as they left it."""

    line: int
    end: int = 0


ParsedRow = ImportRow | RefusedRow | KnownRow


def json_rows(lines: Iterable[Line], limits: JsonLimits) -> Iterator[ParsedRow]:
    """Yield a row for each line that is not blank. Raises Malformed for too many blank ones."""
    empty_rows = EmptyRows()
    for line in lines:
        if line.text is None:
            yield refused_row(line.number, LINE_TOO_LONG, end=line.end)
        elif text := line.text.strip(_BLANK):
            yield _json_row(line, text, limits)
        else:
            empty_rows.add()


#: JSON's white space, and the byte order mark that some editors write.
_BLANK = b" \t\r\n\xef\xbb\xbf"


def _json_row(line: Line, text: bytes, limits: JsonLimits) -> ParsedRow:
    if text.startswith(b"["):
        return refused_row(line.number, "Send one record per line, not a list of records.", end=line.end)
    try:
        value = strict_json.parse(text, limits)
        _require_fields(value)
    except ServiceError as error:
        return RefusedRow(line.number, row_errors(line.number, error), line.end)
    # Rendered anew, so that whoever reads the row's text reads the value that was judged here.
    return build_row(line.number, strict_json.render(value), value, original=text, end=line.end)


def _require_fields(value: Any) -> None:
    """Raise Invalid for a value that no stored event can complete. It is refused here, without the database."""
    if not isinstance(value, dict) or not value.keys() >= _REQUIRED:
        load(_NEW_EVENT, value)


def build_row(
    line: int, text: bytes, value: Any, *, original: bytes | None = None, end: int = 0
) -> ImportRow | RefusedRow:
    """Return the row on `line` with the JSON `text` of `value`; refused where its id is not valid.

    Rows with the same `original`, by default the same `text`, are equal.
    """
    record, digest = value if isinstance(value, dict) else {}, _digest(text if original is None else original)
    external_ids = _external_ids(record.get("external_ids"))
    id_ = record.get("id")
    if id_ is None:
        # Without any id the content identifies the row: an equal row is about the same event.
        derived = UUID(int=0) if external_ids else _derived_id(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
        return ImportRow(line, text, digest, external_ids, derived, says_id=False, end=end)
    problem = _id_problem(id_)
    if problem:
        return refused_row(line, problem, "#/id", end=end)
    return ImportRow(line, text, digest, external_ids, UUID(id_), says_id=True, end=end)


def refused_row(
    line: int, detail: str, pointer: str | None = None, column: str | None = None, *, end: int = 0
) -> RefusedRow:
    """Return a refused row with one error."""
    return RefusedRow(line, (RowError(line, detail, pointer, column),), end)


def row_errors(line: int, error: ServiceError) -> tuple[RowError, ...]:
    """Return the faults of `error` as errors of the row on `line`; its detail where it has no faults."""
    if not error.faults:
        # The parser of request bodies parses a single line here.
        return (RowError(line, error.detail.replace("The body", "The line", 1).replace(" line 1, column", " column")),)
    errors = [
        RowError(line, fault.detail, fault.pointer, place=place)
        for place, fault in enumerate(error.faults[:MAX_ROW_ERRORS])
    ]
    if len(error.faults) > len(errors):
        errors.append(RowError(line, f"{len(error.faults) - len(errors)} more errors.", place=len(errors)))
    return tuple(errors)


_ID = Identifier()


def _id_problem(id_: Any) -> str | None:
    problem = _ID.error_in(id_) if isinstance(id_, str) else "Must be a UUID."
    return problem or (None if UUID(id_).int else "Must be the id of an event, not the nil UUID.")


def _digest(text: bytes) -> bytes:
    """Return 16 bytes that are the same for the same text."""
    return hashlib.blake2b(text, digest_size=16).digest()


def _external_ids(value: Any) -> tuple[ExternalId, ...]:
    """Return the external ids that are well formed. The schema reports the others."""
    if not isinstance(value, list):
        return ()
    pairs = ((one.get("scheme"), one.get("value")) for one in value if isinstance(one, Mapping))
    return tuple((scheme, value) for scheme, value in pairs if isinstance(scheme, str) and isinstance(value, str))


def _derived_id(text: bytes) -> UUID:
    """Return a UUID of version 8, whose bits are free to choose (RFC 9562), for the text."""
    value = int.from_bytes(_digest(text))
    value = value & ~(0xF << 76) | 0x8 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
