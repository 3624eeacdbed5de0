"""API keys: `ptk_`, thirty random characters, six of checksum. Only their SHA-256 is kept."""

import hashlib
import secrets
import string
import zlib

from schemas.keys import Scope

PREFIX = "ptk_"
#: Characters of a key by which people tell it from others; they say nothing of the rest.
PREFIX_LENGTH = 8
_ALPHABET = string.digits + string.ascii_letters
_RANDOM, _CHECK = 30, 6

#: What a key can be allowed to do. `admin` may do everything.
SCOPES = Scope.words()


def new_key() -> str:
    """A key that nobody has: 178 bits of randomness."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return PREFIX + body + _checksum(body)


def is_well_formed(key: str) -> bool:
    """Whether `key` can have been made here: its checksum tells without asking the database."""
    body, check = key[len(PREFIX) : -_CHECK], key[-_CHECK:]
    return key.startswith(PREFIX) and len(body) == _RANDOM and key.isascii() and check == _checksum(body)


def digest(key: str) -> bytes:
    """What is kept of a key. It has too much randomness to be guessed, so it needs neither salt nor stretching."""
    return hashlib.sha256(key.encode()).digest()


def _checksum(body: str) -> str:
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text
