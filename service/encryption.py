"""Secrets that must be known again, sealed for the database by a key that is not in it.

What is sealed is no longer than one HMAC, so HMAC-SHA256 of a random nonce, taken as a one-time pad, encrypts it, and
another HMAC over all of it, and over what it belongs to, tells whether it was changed or moved.
"""

import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

from service.errors import ServiceError

_PLAIN, _SEALED = b"\x00", b"\x01"
_NONCE = _TAG = 16
_MOST = sha256().digest_size


class CannotOpen(ServiceError):
    """A secret in the database was sealed by a key that is not among POLICYTRAIL_SECRET_KEYS."""

    code = "cannot-open"


def keys_of(setting: str) -> list[bytes]:
    """The keys that a setting names, joined by commas; the first one seals."""
    return [key.strip().encode() for key in setting.split(",") if key.strip()]


def seal(secret: bytes, keys: Sequence[bytes], belongs_to: bytes) -> bytes:
    """What is kept of `secret`, 32 bytes at most: as it is where there are no keys."""
    if len(secret) > _MOST:
        raise ValueError(f"a secret to be sealed has {_MOST} bytes at most")
    if not keys:
        return _PLAIN + secret
    nonce = secrets.token_bytes(_NONCE)
    sealed = _SEALED + nonce + _xor(secret, _pad(keys[0], nonce))
    return sealed + _tag(keys[0], sealed, belongs_to)


def open_sealed(kept: bytes, keys: Sequence[bytes], belongs_to: bytes) -> bytes:
    """The secret of which `kept` is kept. CannotOpen where no key fits, or it belongs to something else."""
    if kept[:1] == _PLAIN:
        return kept[1:]
    sealed, tag = kept[:-_TAG], kept[-_TAG:]
    nonce, hidden = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    for key in keys:
        if hmac.compare_digest(tag, _tag(key, sealed, belongs_to)):
            return _xor(hidden, _pad(key, nonce))
    raise CannotOpen("A secret was sealed by a key that is not among POLICYTRAIL_SECRET_KEYS.")


def _pad(key: bytes, nonce: bytes) -> bytes:
    return hmac.digest(key, b"policytrail encrypts" + nonce, "sha256")


def _tag(key: bytes, sealed: bytes, belongs_to: bytes) -> bytes:
    return hmac.digest(key, b"policytrail vouches for" + belongs_to + sealed, "sha256")[:_TAG]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=False))
