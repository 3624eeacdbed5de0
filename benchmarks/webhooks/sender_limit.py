"""The sender without a database: `python -m benchmarks.webhooks.sender_limit URL SECONDS CONCURRENCY BYTES`.

The worker's own Sender signs and posts the same bytes again and again. Prints requests and seconds of processor time.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from uuid import UUID

import uvloop

from service.ids import uuid7
from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.receivers import request_headers
from service.webhooks.sender import Sender
from service.webhooks.signing import new_secret

_LOOPBACK = parse_networks("127.0.0.0/8")


async def main(url: str, seconds: float, concurrency: int, size: int) -> None:
    """Send for so many seconds."""
    body = b'{"event_id":"%s","padding":"%s"}' % (str(UUID(int=0)).encode(), b"x" * size)
    secret, number, end = (new_secret(),), 0, time.monotonic() + seconds

    async def send_on(sender: Sender) -> None:
        nonlocal number
        while time.monotonic() < end:
            headers = request_headers(uuid7(), body, secret, datetime.now(UTC))
            reply = await sender.send("POST", url, headers, body)
            number += reply.accepted

    async with Sender(AddressGuard(_LOOPBACK, _LOOPBACK)) as sender:
        began = time.process_time()
        await asyncio.gather(*(send_on(sender) for _ in range(concurrency)))
        print(number, time.process_time() - began)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
