"""Where a worker's subscriptions want their deliveries, with the secrets to sign them by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service.encryption import decrypt
from service.store.webhooks.pings import AskedPing
from service.store.webhooks.queue import Target
from service.webhooks.signing import signed_headers


@dataclass(frozen=True, slots=True)
class Receiver:
    """A subscription as the worker needs it."""

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
        """The headers of a delivery that begins now, signed."""
        return headers_of(id, body, secrets_of(self.secret, self.former_secret, self.former_until, now), now)


def secrets_of(
    secret: bytes, former_secret: bytes | None, former_until: datetime | None, now: datetime
) -> tuple[bytes, ...]:
    """The secrets that sign now, the newest first."""
    if former_secret is None or former_until is None or former_until <= now:
        return (secret,)
    return secret, former_secret


def headers_of(id: UUID, body: bytes, secrets: tuple[bytes, ...], now: datetime) -> dict[str, str]:
    """What goes with a body that is signed by `secrets`."""
    return {**_ALWAYS, **signed_headers(str(id), int(now.timestamp()), body, secrets)}


_ALWAYS = {"Content-Type": "application/json", "User-Agent": "Policytrail"}


def receiver_of(target: Target, keys: Sequence[bytes]) -> Receiver:
    """The receiver of a subscription. CannotDecrypt where its secret was sealed by none of `keys`."""
    return Receiver(
        id=target.id,
        shard=target.shard,
        url=target.url,
        payload=target.payload,
        rate=target.rate_limit / 60 if target.rate_limit else None,
        ordered=target.ordered,
        secret=decrypt(target.secret, keys, target.id.bytes),
        former_secret=decrypt(target.former_secret, keys, target.id.bytes) if target.former_secret else None,
        former_until=target.former_until,
        failing=target.failing_since is not None,
    )


def ping_secrets(ping: AskedPing, keys: Sequence[bytes], now: datetime) -> tuple[bytes, ...]:
    """The secrets that sign a test."""
    belongs_to = ping.subscription_id.bytes
    former = decrypt(ping.former_secret, keys, belongs_to) if ping.former_secret else None
    return secrets_of(decrypt(ping.secret, keys, belongs_to), former, ping.former_until, now)
