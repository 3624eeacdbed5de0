"""Ids and API keys that the service generates: UUIDs of version 7, and `ptk_` keys with a checksum."""

import hashlib
import secrets
import string
import time
import zlib
from uuid import UUID

#: The start of every API key.
PREFIX = "ptk_"
#: The characters of a key that the service shows, so that people can tell keys apart; they reveal nothing of the rest.
PREFIX_LENGTH = 8
_ALPHABET = string.digits + string.ascii_letters
_RANDOM, _CHECK = 30, 6


def uuid7() -> UUID:
    """Return a new id (RFC 9562), which sorts by its millisecond. Within one millisecond the order is random."""
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


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
