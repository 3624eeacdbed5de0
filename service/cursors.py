"""Cursors of lists: opaque texts that are bound to the filter and the order of their list."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from psycopg import DataError

from service.errors import Malformed
from service.strict_json import render

#: Characters of a cursor at most.
LONGEST = 3_000


def fingerprint(*parts: Any) -> str:
    """Return a short digest of everything that a cursor is bound to."""
    return hashlib.sha256(render(parts)).hexdigest()[:12]


def encode_cursor(bound_to: str, end: Sequence[str]) -> str:
    """Return the cursor of the page that follows the sort values `end`."""
    return base64.urlsafe_b64encode(render([bound_to, *end])).decode().rstrip("=")


def decode_cursor(cursor: str, bound_to: str, length: int) -> list[str]:
    """Return the `length` sort values that the page follows. Malformed if the cursor belongs to another list."""
    if len(cursor) > LONGEST:
        raise invalid_cursor()
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError as error:
        raise invalid_cursor() from error
    if not isinstance(parts, list) or parts[:1] != [bound_to] or len(parts) != length + 1:
        raise invalid_cursor()
    values: list[str] = parts[1:]
    if not all(isinstance(value, str) for value in values):
        raise invalid_cursor()
    return values


@contextmanager
def cursor_errors(cursor: object, *errors: type[Exception]) -> Iterator[None]:
    """Raise Malformed for a DataError, or one of the `errors`, that the values of a cursor caused; none without one.

    The fingerprint is no secret, so the values behind it can be forged.
    """
    try:
        yield
    except Exception as error:
        if not cursor or not isinstance(error, (DataError, *errors)):
            raise
        raise invalid_cursor() from error


def invalid_cursor() -> Malformed:
    """Return the error for a cursor that does not belong to the list."""
    return Malformed.at("The cursor belongs to another list. Start without one, or follow `next`.", parameter="cursor")
