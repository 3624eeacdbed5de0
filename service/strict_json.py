"""JSON text: a strict parser for input, one rendering for output."""

import json
import math
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from service.errors import Fault, Invalid, Malformed

#: An escape of U+0000, or perhaps of half a surrogate pair; PostgreSQL can store neither.
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

#: Digits of a number that may need more than 64 bits, or an exponent that may.
_SUSPECT_NUMBER = re.compile(rb"[0-9]{19}|[eE]\+?[0-9]{3}")
#: The integers that are read and rendered as such.
_INTEGERS = range(-(2**63), 2**64)
#: Digits that are converted at most: Python refuses more than 4,300 of them.
_MAX_DIGITS = 50


@dataclass(frozen=True)
class JsonLimits:
    """The limits of a JSON value: levels of nesting, members of an array or object, characters of a string."""

    nesting: int = 64
    members: int = 10_000
    text: int = 100_000


_DEFAULT_LIMITS = JsonLimits()


def render(value: Any) -> bytes:
    """Return `value` as compact JSON in UTF-8."""
    return orjson.dumps(value)


def indent(document: bytes) -> bytes:
    """Return the same JSON for human readers: two spaces a level, a newline at the end."""
    return orjson.dumps(orjson.loads(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def select_members(document: bytes, names: Collection[str]) -> bytes:
    """Return the JSON object `document` with only the members `names`, in its own order."""
    record = orjson.loads(document)
    return orjson.dumps({name: value for name, value in record.items() if name in names})


def parse(text: bytes, limits: JsonLimits = _DEFAULT_LIMITS) -> Any:
    """Return the JSON value of `text`, which `render` renders as the same value. Duplicate keys and NaN are errors.

    Malformed if it is not JSON or nested too deep; Invalid if a string cannot be stored, a number does not fit 64 bits,
    or an array, object or string is too large.
    """
    with suppress(_Unsure):
        return _parse_fast(text, limits)
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise _too_deep(limits) from error
    if is_deeper_than(limits.nesting, value):
        raise _too_deep(limits)
    # First, since the pointers of the other faults name the keys.
    if _SUSPECT_ESCAPE.search(text) and (faults := list(_unstorable(value, ""))):
        raise Invalid("The body has text that cannot be stored.", faults)
    if _may_be_oversized(text, limits) and (faults := list(_oversized(value, "", limits))):
        raise Invalid("An array, object or string in the body is too large.", faults)
    if _SUSPECT_NUMBER.search(text) and (faults := list(_unreadable_numbers(value, ""))):
        raise Invalid("The body has a number that cannot be read.", faults)
    return value


class _Unsure(Exception):
    """The text needs the slower parser, which sees duplicate keys and the digits of numbers."""


def _parse_fast(text: bytes, limits: JsonLimits) -> Any:
    """Return the value of a `text` that is surely valid, in half of the slower parser's time. _Unsure otherwise."""
    if _may_be_oversized(text, limits) or _SUSPECT_ESCAPE.search(text):
        raise _Unsure
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _Unsure from error
    # Every key ends in a quote and a colon. Strings may contain more of these, so as many of them as there are keys in
    # the value means that no key occurred twice.
    if _count_keys(value, limits.nesting) != text.translate(None, b" \t\r\n").count(b'":'):
        raise _Unsure
    return value


def _count_keys(value: Any, levels: int) -> int:
    """Return the number of keys in `value`. _Unsure if it has other numbers than integers, or more than `levels`."""
    kind = type(value)
    if kind is str or value is None or kind is bool or kind is int:
        return 0
    if levels == 0 or (kind is not dict and kind is not list):
        raise _Unsure
    members, keys = (value.values(), len(value)) if kind is dict else (value, 0)
    for member in members:
        if type(member) is not str and member is not None:
            keys += _count_keys(member, levels - 1)
    return keys


def _may_be_oversized(text: bytes, limits: JsonLimits) -> bool:
    """Return whether an array, object or string may be too large: every member but the first follows a comma."""
    return text.count(b",") >= limits.members or len(text) > limits.text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"The key {json.dumps(repeated[:100])} occurs twice in one object.")
    return members


def _refuse(constant: str) -> NoReturn:
    raise Malformed(f"{constant} is not JSON.")


def _integer(digits: str) -> int | float:
    """Return the integer, or infinity for one that is surely too large."""
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _too_deep(limits: JsonLimits) -> Malformed:
    return Malformed(f"The body is nested more than {limits.nesting} levels deep.")


def is_deeper_than(levels: int, value: Any) -> bool:
    """Return whether arrays and objects nest more than `levels` deep in `value`. It looks no deeper than that."""
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper_than(levels - 1, member) for member in members)


def _oversized(value: Any, pointer: str, limits: JsonLimits) -> Iterator[Fault]:
    """Yield a fault for each array, object or string that is too large, but none for members of such an array."""
    if isinstance(value, str):
        if len(value) > limits.text:
            yield Fault(f"Must have at most {limits.text} characters, has {len(value)}.", pointer="#" + pointer)
    elif isinstance(value, dict | list):
        if len(value) > limits.members:
            yield Fault(f"Must have at most {limits.members} members, has {len(value)}.", pointer="#" + pointer)
            return
        for name, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _oversized(member, f"{pointer}/{pointer_token(name)}", limits)


def _unstorable(value: Any, pointer: str) -> Iterator[Fault]:
    if isinstance(value, str):
        if match := _UNSTORABLE.search(value):
            yield Fault(f"Has U+{ord(match[0]):04X}, which cannot be stored.", pointer="#" + pointer)
    elif isinstance(value, dict):
        for name, member in value.items():
            if _UNSTORABLE.search(name):
                yield Fault("A key has a character that cannot be stored.", pointer="#" + pointer)
            else:
                yield from _unstorable(member, f"{pointer}/{pointer_token(name)}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unstorable(member, f"{pointer}/{index}")


def _unreadable_numbers(value: Any, pointer: str) -> Iterator[Fault]:
    """Yield a fault for each number that does not fit 64 bits."""
    if isinstance(value, dict | list):
        for name, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unreadable_numbers(member, f"{pointer}/{pointer_token(name)}")
    elif value not in _INTEGERS if type(value) is int else value in (math.inf, -math.inf):
        yield Fault("The number does not fit 64 bits; send it as a string.", pointer="#" + pointer)


def pointer_token(name: object) -> str:
    """Return `name` as one step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")
