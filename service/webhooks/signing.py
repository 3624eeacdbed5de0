"""Standard Webhooks: what is signed, and by which secrets."""

import hmac
import secrets
from base64 import b64encode

_PREFIX = "whsec_"
#: Bytes of a secret; the specification has 24 to 64.
_LENGTH = 32


def new_secret() -> bytes:
    """A secret that nobody has."""
    return secrets.token_bytes(_LENGTH)


def shown(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return _PREFIX + b64encode(secret).decode()


def signed_headers(id: str, timestamp: int, body: bytes, by: tuple[bytes, ...]) -> dict[str, str]:
    """The headers by which a receiver knows that the body is ours: a signature for each secret in `by`."""
    content = b"%s.%d.%s" % (id.encode(), timestamp, body)
    signatures = [b"v1," + b64encode(hmac.digest(secret, content, "sha256")) for secret in by]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": b" ".join(signatures).decode(),
    }
