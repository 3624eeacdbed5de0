"""Pages: an opaque cursor that is bound to its filters and order."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from service.errors import Malformed
from service.strict_json import render

#: Characters of a cursor at most.
LONGEST = 3_000


def fingerprint(*parts: Any) -> str:
    """A short digest of what a cursor is bound to."""
    return hashlib.sha256(render(parts)).hexdigest()[:12]


def encode_cursor(bound_to: str, end: Sequence[str]) -> str:
    """The cursor that begins behind the sort values `end`."""
    return base64.urlsafe_b64encode(render([bound_to, *end])).decode().rstrip("=")


def decode_cursor(cursor: str, bound_to: str, length: int) -> list[str]:
    """The `length` sort values behind which the page begins. Malformed where the cursor was not made for this list."""
    if len(cursor) > LONGEST:
        raise unusable()
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError as error:
        raise unusable() from error
    if not isinstance(parts, list) or parts[:1] != [bound_to] or len(parts) != length + 1:
        raise unusable()
    values: list[str] = parts[1:]
    if not all(isinstance(value, str) for value in values):
        raise unusable()
    return values


def unusable() -> Malformed:
    """What is told of a cursor that was not made for this list."""
    return Malformed.at(
        "The cursor was made for another list; begin without one, or follow `next` as it is.", parameter="cursor"
    )
