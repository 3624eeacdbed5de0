"""Receivers: a worker's subscriptions with the decrypted secrets that sign their deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service.encryption import decrypt
from service.store.webhooks.pings import RequestedPing
from service.store.webhooks.queue import Endpoint
from service.webhooks.signing import signature_headers

_FIXED_HEADERS = {"Content-Type": "application/json", "User-Agent": "Policytrail"}


@dataclass(frozen=True, slots=True)
class Receiver:
    """A subscription with its decrypted secrets. `rate` is deliveries a second."""

    id: UUID
    shard: int
    url: str
    payload: str
    rate: float | None
    ordered: bool
    secret: bytes = field(repr=False)
    former_secret: bytes | None = field(repr=False)
    former_until: datetime | None
    failing: bool

    def headers(self, id: UUID, body: bytes, now: datetime) -> dict[str, str]:
        """Return the signed headers of a delivery with the id `id` that is sent `now`."""
        return request_headers(id, body, active_secrets(self.secret, self.former_secret, self.former_until, now), now)


def active_secrets(
    secret: bytes, former_secret: bytes | None, former_until: datetime | None, now: datetime
) -> tuple[bytes, ...]:
    """Return the secrets that sign `now`, the newest first."""
    if former_secret is None or former_until is None or former_until <= now:
        return (secret,)
    return secret, former_secret


def request_headers(id: UUID, body: bytes, secrets: tuple[bytes, ...], now: datetime) -> dict[str, str]:
    """Return the headers of a request with `body`, signed with each of `secrets`."""
    return {**_FIXED_HEADERS, **signature_headers(str(id), int(now.timestamp()), body, secrets)}


def decrypt_receiver(endpoint: Endpoint, keys: Sequence[bytes]) -> Receiver:
    """Return the receiver of a subscription. Raise CannotDecrypt if none of `keys` decrypts its secret."""
    return Receiver(
        id=endpoint.id,
        shard=endpoint.shard,
        url=endpoint.url,
        payload=endpoint.payload,
        rate=endpoint.rate_limit / 60 if endpoint.rate_limit else None,
        ordered=endpoint.ordered,
        secret=decrypt(endpoint.secret, keys, endpoint.id.bytes),
        former_secret=_decrypt_optional(endpoint.former_secret, keys, endpoint.id),
        former_until=endpoint.former_until,
        failing=endpoint.failing_since is not None,
    )


def ping_secrets(ping: RequestedPing, keys: Sequence[bytes], now: datetime) -> tuple[bytes, ...]:
    """Return the secrets that sign a ping. Raise CannotDecrypt if none of `keys` decrypts them."""
    former = _decrypt_optional(ping.former_secret, keys, ping.subscription_id)
    return active_secrets(decrypt(ping.secret, keys, ping.subscription_id.bytes), former, ping.former_until, now)


def _decrypt_optional(sealed: bytes | None, keys: Sequence[bytes], subscription_id: UUID) -> bytes | None:
    return decrypt(sealed, keys, subscription_id.bytes) if sealed else None
