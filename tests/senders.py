"""A sender of webhooks for tests, and the replies that it gets."""

import asyncio
from typing import Any

from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.sender import Reply, Sender
from tests.receivers import (
    Behaviour,
    Receiver,
    run_receiver,
)

LOOPBACK = parse_networks("127.0.0.0/8,::1/128")
HERE = AddressGuard(LOOPBACK, LOOPBACK)
BODY = b'{"type":"event.create"}'


def send(
    url: str, *, guard: AddressGuard = HERE, timeout: float = 10.0, times: int = 1, pause: float = 0.0, **options: Any
) -> list[Reply]:
    """Return the replies to `times` requests of one sender to `url`."""

    async def go() -> list[Reply]:
        replies = []
        async with Sender(guard, timeout=timeout, **options) as sender_:
            for _ in range(times):
                replies.append(await sender_.send("POST", url, {"webhook-id": "1"}, BODY))
                await asyncio.sleep(pause)
        await asyncio.sleep(0)  # transports close in the next iteration of the loop
        return replies

    return asyncio.run(go())


def reply_of(behave: Behaviour, **options: Any) -> tuple[Reply, Receiver]:
    """Return the reply of a receiver with this behaviour, and the receiver."""
    with run_receiver(behave) as receiver:
        [reply] = send(receiver.url, **options)
        return reply, receiver
