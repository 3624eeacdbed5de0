"""Ids and API keys that the service generates: UUIDs of version 7, and `ptk_` keys with a checksum."""

import hashlib
import secrets
import string
import zlib
from threading import Lock
from uuid import UUID

from service.clock import CLOCK

#: The start of every API key.
PREFIX = "ptk_"
#: The characters of a key that the service shows, so that people can tell keys apart; they reveal nothing of the rest.
PREFIX_LENGTH = 8
_ALPHABET = string.digits + string.ascii_letters
_RANDOM, _CHECK = 30, 6


#: Ticks of an id's time in a millisecond: the 12 bits behind it continue it (RFC 9562, 6.2, method 3).
_TICKS = 4096

_latest_tick, _tick_lock = 0, Lock()


def uuid7() -> UUID:
    """Return a new id (RFC 9562), which sorts behind all earlier ones of this process, whatever its clock does."""
    milliseconds, fraction = divmod(_next_tick(), _TICKS)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | secrets.randbits(62))


def _next_tick() -> int:
    global _latest_tick  # noqa: PLW0603 (all ids of the process are in one order)
    with _tick_lock:
        _latest_tick = max(_latest_tick + 1, int(CLOCK.seconds() * 1_000 * _TICKS))
        return _latest_tick


def new_key() -> str:
    """Return a new API key: `ptk_`, 30 random characters (178 bits), 6 of checksum."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return PREFIX + body + _checksum(body)


def is_well_formed(key: str) -> bool:
    """Return whether the checksum of `key` is right; a false one needs no query."""
    body, check = key[len(PREFIX) : -_CHECK], key[-_CHECK:]
    return key.startswith(PREFIX) and len(body) == _RANDOM and key.isascii() and check == _checksum(body)


def digest(key: str) -> bytes:
    """Return the SHA-256 of a key, which the database stores. A random key needs neither salt nor stretching."""
    return hashlib.sha256(key.encode()).digest()


def _checksum(body: str) -> str:
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text
