"""Signatures and secrets as Standard Webhooks defines them."""

import hmac
import secrets
from base64 import b64encode

_PREFIX = "whsec_"
#: Bytes of a secret; the specification allows 24 to 64.
_LENGTH = 32


def new_secret() -> bytes:
    """Return a new random secret."""
    return secrets.token_bytes(_LENGTH)


def encode_secret(secret: bytes) -> str:
    """Return a secret in the form that receivers configure: `whsec_` and Base64."""
    return _PREFIX + b64encode(secret).decode()


def signature_headers(id: str, timestamp: int, body: bytes, secrets: tuple[bytes, ...]) -> dict[str, str]:
    """Return the headers that authenticate `body`, with one signature for each of `secrets`."""
    content = b"%s.%d.%s" % (id.encode(), timestamp, body)
    signatures = [b"v1," + b64encode(hmac.digest(secret, content, "sha256")) for secret in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": b" ".join(signatures).decode(),
    }
