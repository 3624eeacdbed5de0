"""What an import is made of: rows that say something, and rows that cannot be taken, each by its line."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from schemas.fields import Identifier
from service import strict_json
from service.errors import Fault, ServiceError
from service.imports.line_reader import Line
from service.store.imports import RowError
from service.strict_json import JsonLimits

#: Errors of one row that are told at most: who has more mends these first.
MOST_ERRORS_A_ROW = 20

ExternalId = tuple[str, str]


@dataclass(frozen=True)
class Refused:
    """A row that cannot be taken."""

    line: int
    errors: tuple[RowError, ...]
    #: Bytes of the file up to the row's end.
    end: int = 0


@dataclass(frozen=True)
class Row:
    """A row, not yet judged: `text` is the JSON object that it states, or that of a table's cells by column."""

    line: int
    text: bytes
    #: What the row is told by when it comes again.
    digest: bytes
    #: The event that it is about: the one that one of these external ids belongs to, or else the one of this id.
    external_ids: tuple[ExternalId, ...]
    id: UUID
    #: Whether the row says its event's id itself; else it is made from what the row says, or of no account.
    says_id: bool
    is_flat: bool = False
    end: int = 0

    @property
    def keys(self) -> tuple[object, ...]:
        """Rows that share one of these may be about one event: the earlier must be done before the later."""
        return (self.id, *self.external_ids) if self.says_id else self.external_ids or (self.id,)


Entry = Row | Refused


def json_rows(lines: Iterable[Line], bounds: JsonLimits) -> Iterator[Entry]:
    """A row of each line that is not blank."""
    for line in lines:
        if line.text is None:
            yield Refused(line.number, (RowError(line.number, "The line is longer than is allowed."),), line.end)
        elif text := line.text.strip(_BLANK):
            yield _json_row(line, text, bounds)


#: White space as JSON has it, and the mark that some editors put before UTF-8.
_BLANK = b" \t\r\n\xef\xbb\xbf"


def _json_row(line: Line, text: bytes, bounds: JsonLimits) -> Entry:
    if text.startswith(b"["):
        return Refused(
            line.number, (RowError(line.number, "A record a line is wanted, not a list of records."),), line.end
        )
    try:
        value = strict_json.parse(text, bounds)
    except ServiceError as error:
        return Refused(line.number, told(line.number, error), line.end)
    return row_of(line.number, text, value, end=line.end)


def row_of(line: int, text: bytes, value: Any, *, end: int = 0) -> Entry:
    """The row on `line` that states `value`, whose JSON is `text`."""
    said, digest = value if isinstance(value, dict) else {}, digest_of(text)
    external_ids = _external_ids(said.get("external_ids"))
    id_ = said.get("id")
    if id_ is None:
        # A row without any id is told by what it says: the same row again is the same event.
        derived = UUID(int=0) if external_ids else _derived(digest_of(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)))
        return Row(line, text, digest, external_ids, derived, says_id=False, end=end)
    problem = _problem_of(id_)
    if problem:
        return Refused(line, (RowError(line, problem, "#/id"),), end)
    return Row(line, text, digest, external_ids, UUID(id_), says_id=True, end=end)


_ID = Identifier()


def _problem_of(id_: Any) -> str | None:
    problem = _ID.error_in(id_) if isinstance(id_, str) else "Must be a UUID."
    return problem or (None if UUID(id_).int else "Must be the id of an event; the nil UUID is none.")


def digest_of(text: bytes) -> bytes:
    """What is the same for the same text, in 16 bytes."""
    return hashlib.blake2b(text, digest_size=16).digest()


def told(line: int, error: ServiceError) -> tuple[RowError, ...]:
    """Our own error as what is wrong with a row."""
    if not error.faults:
        # What reads a whole body in a request reads a line here.
        return (RowError(line, error.detail.replace("The body", "The line", 1).replace(" line 1, column", " column")),)
    return told_faults(line, error.faults)


def told_faults(line: int, faults: Sequence[Fault]) -> tuple[RowError, ...]:
    """Faults as what is wrong with the row on `line`."""
    errors = [
        RowError(line, fault.detail, fault.pointer, place=place)
        for place, fault in enumerate(faults[:MOST_ERRORS_A_ROW])
    ]
    if len(faults) > len(errors):
        errors.append(RowError(line, f"There are {len(faults) - len(errors)} more.", place=len(errors)))
    return tuple(errors)


def _external_ids(stated: Any) -> tuple[ExternalId, ...]:
    """Those that are stated as they should be; of the others the schema tells."""
    if not isinstance(stated, list):
        return ()
    pairs = ((one.get("scheme"), one.get("value")) for one in stated if isinstance(one, Mapping))
    return tuple((scheme, value) for scheme, value in pairs if isinstance(scheme, str) and isinstance(value, str))


def _derived(digest: bytes) -> UUID:
    """A UUID of version 8, whose bits are its maker's own (RFC 9562)."""
    value = int.from_bytes(digest)
    value = value & ~(0xF << 76) | 0x8 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
