"""Encryption of webhook secrets, with keys that are not in the database.

A secret is no longer than one HMAC. So it is encrypted by a one-time pad, the HMAC-SHA256 of a random nonce, and
authenticated by another HMAC over the ciphertext and its owner, which detects a change and a move to another owner.
"""

import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

from service.errors import ServiceError

_PLAIN, _ENCRYPTED = b"\x00", b"\x01"
_NONCE = _TAG = 16
_MOST = sha256().digest_size


class CannotDecrypt(ServiceError):
    """A secret in the database needs a key that is not among POLICYTRAIL_SECRET_KEYS."""

    code = "cannot-open"


def parse_keys(setting: str) -> list[bytes]:
    """Return the keys in a setting, which are separated by commas; the first one encrypts."""
    return [key.strip().encode() for key in setting.split(",") if key.strip()]


def encrypt(secret: bytes, keys: Sequence[bytes], owner: bytes) -> bytes:
    """Return `secret`, 32 bytes at most, as the database stores it for `owner`: in plain without keys."""
    if len(secret) > _MOST:
        raise ValueError(f"a secret to encrypt has {_MOST} bytes at most")
    if not keys:
        return _PLAIN + secret
    nonce = secrets.token_bytes(_NONCE)
    ciphertext = _ENCRYPTED + nonce + _xor(secret, _pad(keys[0], nonce))
    return ciphertext + _tag(keys[0], ciphertext, owner)


def decrypt(stored: bytes, keys: Sequence[bytes], owner: bytes) -> bytes:
    """Return the secret that is `stored`. CannotDecrypt if no key fits, or it has another owner."""
    if stored[:1] == _PLAIN:
        return stored[1:]
    ciphertext, tag = stored[:-_TAG], stored[-_TAG:]
    nonce, hidden = ciphertext[1 : 1 + _NONCE], ciphertext[1 + _NONCE :]
    for key in keys:
        if hmac.compare_digest(tag, _tag(key, ciphertext, owner)):
            return _xor(hidden, _pad(key, nonce))
    raise CannotDecrypt("A secret needs a key that is not among POLICYTRAIL_SECRET_KEYS.")


def _pad(key: bytes, nonce: bytes) -> bytes:
    return hmac.digest(key, b"policytrail encrypts" + nonce, "sha256")


def _tag(key: bytes, ciphertext: bytes, owner: bytes) -> bytes:
    return hmac.digest(key, b"policytrail vouches for" + owner + ciphertext, "sha256")[:_TAG]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
