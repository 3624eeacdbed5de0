"""JSON text: strict on the way in, one rendering on the way out."""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from service.errors import Fault, Invalid, Malformed

#: An escape that may stand for U+0000 or half of a surrogate pair, neither of which PostgreSQL can store.
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Bounds:
    """How large a value may be: levels of nesting, members of an array or object, characters of a text."""

    nesting: int = 64
    members: int = 10_000
    text: int = 100_000


_USUAL = Bounds()


def render(value: Any) -> bytes:
    """`value` as compact JSON in UTF-8."""
    return orjson.dumps(value)


def indent(document: bytes) -> bytes:
    """The same JSON with two spaces a level, ending in a newline: for eyes."""
    return orjson.dumps(orjson.loads(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def select(document: bytes, names: Collection[str]) -> bytes:
    """The JSON object `document` with those of its members that are in `names`, in its own order."""
    record = orjson.loads(document)
    return orjson.dumps({name: value for name, value in record.items() if name in names})


def parse(text: bytes, bounds: Bounds = _USUAL) -> Any:
    """The JSON value that `text` states, duplicate keys, NaN and endless numbers refused.

    Malformed where it is not JSON or nested too deep; Invalid where it holds text that cannot be stored, or an array or
    text that is too long.
    """
    with suppress(_Unsure):
        return _parse_surely(text, bounds)
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise _too_deep(bounds) from error
    _limit_nesting(value, bounds.nesting, bounds)
    if _may_be_oversized(text, bounds) and (faults := list(_oversized(value, "", bounds))):
        raise Invalid("The body holds more in one place than is allowed.", faults)
    if _SUSPECT_ESCAPE.search(text) and (faults := list(_unstorable(value, ""))):
        raise Invalid("The body holds text that cannot be stored.", faults)
    return value


class _Unsure(Exception):
    """The text needs the slower parser, which sees duplicate keys and numbers as they are written."""


def _parse_surely(text: bytes, bounds: Bounds) -> Any:
    """The value of `text` where nothing can be wrong with it, in half of the slower parser's time; else _Unsure."""
    if _may_be_oversized(text, bounds) or _SUSPECT_ESCAPE.search(text):
        raise _Unsure
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _Unsure from error
    # A key ends in a quote and a colon. There may be more of these, in texts, but never fewer: where they are as many
    # as the keys that were kept, no key stood twice.
    if _count_keys(value, bounds.nesting) != text.translate(None, b" \t\r\n").count(b'":'):
        raise _Unsure
    return value


def _count_keys(value: Any, levels: int) -> int:
    """Keys in `value`, which must hold no number but integers and no more than `levels` of nesting."""
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


def _may_be_oversized(text: bytes, bounds: Bounds) -> bool:
    """Whether an array, object or text may be too long: every member but the first follows a comma."""
    return text.count(b",") >= bounds.members or len(text) > bounds.text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"The key {json.dumps(twice[:100])} stands twice in one object.")
    return members


def _refuse(constant: str) -> NoReturn:
    raise Malformed(f"{constant} is not JSON.")


def _integer(digits: str) -> int:
    #: Digits. Python refuses to read more than 4,300, and no field of ours has use for half a hundred.
    most = 50
    if len(digits) > most:
        raise Malformed(f"A number with {len(digits)} digits is too long.")
    return int(digits)


def _too_deep(bounds: Bounds) -> Malformed:
    return Malformed(f"The body is nested more than {bounds.nesting} levels deep.")


def _limit_nesting(value: Any, levels: int, bounds: Bounds) -> None:
    if isinstance(value, dict | list):
        if levels == 0:
            raise _too_deep(bounds)
        for member in value.values() if isinstance(value, dict) else value:
            _limit_nesting(member, levels - 1, bounds)


def _oversized(value: Any, pointer: str, bounds: Bounds) -> Iterator[Fault]:
    """A fault for each array, object or text that is too long; what stands in such an array is not looked at."""
    if isinstance(value, str):
        if len(value) > bounds.text:
            yield Fault(f"Must have at most {bounds.text} characters, has {len(value)}.", pointer="#" + pointer)
    elif isinstance(value, dict | list):
        if len(value) > bounds.members:
            yield Fault(f"Must have at most {bounds.members} members, has {len(value)}.", pointer="#" + pointer)
            return
        for name, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _oversized(member, f"{pointer}/{pointer_token(name)}", bounds)


def _unstorable(value: Any, pointer: str) -> Iterator[Fault]:
    if isinstance(value, str):
        if found := _UNSTORABLE.search(value):
            yield Fault(f"Holds U+{ord(found[0]):04X}, which cannot be stored.", pointer="#" + pointer)
    elif isinstance(value, dict):
        for name, member in value.items():
            if _UNSTORABLE.search(name):
                yield Fault("A key holds a character that cannot be stored.", pointer="#" + pointer)
            else:
                yield from _unstorable(member, f"{pointer}/{pointer_token(name)}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unstorable(member, f"{pointer}/{index}")


def pointer_token(name: object) -> str:
    """`name` as one step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")
