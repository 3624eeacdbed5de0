"""Names to addresses, in threads: names that cannot be resolved take long, and must not keep others waiting."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

#: Threads for names that were resolved before. The C library gives up a name after 10 s or so.
THREADS = 16
#: Threads for all others: no fewer than deliveries may be under way to receivers that are not known to be quick (three
#: quarters of the usual slots), so that no name waits for another. Most of them sleep.
OTHER_THREADS = 768
#: Names that are remembered to have been resolved.
REMEMBERED = 100_000

Lookup = Callable[..., list[tuple[Any, ...]]]


class Resolver(AbstractResolver):
    """Asks `lookup`, getaddrinfo unless a test says otherwise."""

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        """Threads are started as they are needed."""
        self._lookup = lookup
        self._known: dict[str, None] = {}
        self._trusted = ThreadPoolExecutor(THREADS, thread_name_prefix="names")
        self._others = ThreadPoolExecutor(OTHER_THREADS, thread_name_prefix="other-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`. OSError where there are none."""
        threads = self._trusted if host in self._known else self._others
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(threads, self._lookup, host, port, family, socket.SOCK_STREAM)
        except OSError:
            self._known.pop(host, None)
            raise
        if len(self._known) >= REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[host] = None
        return [
            ResolveResult(hostname=host, host=address[0], port=port, family=family_, proto=protocol, flags=0)
            for family_, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Let the threads end; what they still look up is not waited for."""
        for threads in (self._trusted, self._others):
            threads.shutdown(wait=False, cancel_futures=True)
