"""Name resolution in threads: a name that does not resolve takes long, and must not delay the others."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

#: Threads for names that resolved before. The C library gives a name up after about 10 s.
KNOWN_NAME_THREADS = 16
#: Threads for all other names: as many as the deliveries that may be in flight to receivers that are not fast (three
#: quarters of the default slots), so that no name waits for another. Most of them sleep.
NEW_NAME_THREADS = 768
#: Names that are remembered as resolved.
MAX_KNOWN_NAMES = 100_000

Lookup = Callable[..., list[tuple[Any, ...]]]


class Resolver(AbstractResolver):
    """A resolver that calls `lookup` (getaddrinfo, but for tests) in threads."""

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        """Threads start as they are needed."""
        self._lookup = lookup
        self._known_names: dict[str, None] = {}
        self._known_threads = ThreadPoolExecutor(KNOWN_NAME_THREADS, thread_name_prefix="names")
        self._new_threads = ThreadPoolExecutor(NEW_NAME_THREADS, thread_name_prefix="new-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`. Raise OSError if there are none."""
        threads = self._known_threads if host in self._known_names else self._new_threads
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(threads, self._lookup, host, port, family, socket.SOCK_STREAM)
        except OSError:
            self._known_names.pop(host, None)
            raise
        if len(self._known_names) >= MAX_KNOWN_NAMES:
            self._known_names.pop(next(iter(self._known_names)))
        self._known_names[host] = None
        return [
            ResolveResult(hostname=host, host=address[0], port=port, family=family_, proto=protocol, flags=0)
            for family_, _, protocol, _, address in results
        ]

    async def close(self) -> None:
        """End the threads without waiting for their lookups."""
        for threads in (self._known_threads, self._new_threads):
            threads.shutdown(wait=False, cancel_futures=True)
