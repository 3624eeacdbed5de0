"""One request to a receiver, within bounds whatever it answers: in time, in size, and to where it may go."""

import asyncio
import errno
import re
import ssl
import time
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from service.webhooks.address_guard import Guard
from service.webhooks.resolver import Resolver

#: Seconds that a receiver has for everything: connecting, TLS, and the last byte that is read of its answer.
TIMEOUT = 15.0
#: Of these, seconds to reach it: name, connection and TLS.
CONNECT_TIMEOUT = 10.0
#: Bytes of an answer that are read. A connection with more to come is closed.
KEPT = 16_384
#: Headers of an answer that are kept, and characters of each.
KEPT_HEADERS, KEPT_VALUE = 64, 1_000
#: Seconds that an idle connection is kept: less than the five after which common servers close theirs.
IDLE = 4.0
#: Seconds that a name's addresses are believed.
NAMES_FOR = 60

#: Seconds within which a connection that was dropped without an answer is made anew, once.
AGAIN_WITHIN = 1.0

_DROPPED = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)

#: What neither JSON in PostgreSQL nor a terminal should be given.
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")


class Reply(NamedTuple):
    """What came of a request: the outcome's word, and what was answered where something was."""

    outcome: str
    status: int | None = None
    headers: dict[str, str] | None = None
    body: bytes | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it now."""
        return self.outcome == "accepted"

    def header(self, name: str) -> str | None:
        """A header of the answer, by its name in lower case."""
        return next((value for known, value in (self.headers or {}).items() if known.lower() == name), None)


class Sender:
    """Keeps connections to receivers. To be entered in the loop that uses it."""

    def __init__(
        self,
        guard: Guard,
        *,
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        """`tls` is by default what the machine trusts."""
        self._guard = guard
        self._timeout = ClientTimeout(total=timeout, connect=min(timeout, CONNECT_TIMEOUT))
        self._tls = tls
        self._resolver = resolver

    async def __aenter__(self) -> Self:
        """Begin."""
        tls = self._tls or ssl.create_default_context()
        resolver = self._resolver or Resolver()
        self._secure, self._plain = (
            ClientSession(
                connector=TCPConnector(
                    limit=0,
                    ttl_dns_cache=NAMES_FOR,
                    keepalive_timeout=IDLE,
                    ssl=tls,
                    resolver=resolver,
                    socket_factory=socket_factory,
                ),
                timeout=self._timeout,
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("Accept-Encoding",),
            )
            for socket_factory in (self._guard.socket_for_https, self._guard.socket_for_http)
        )
        self._resolver = resolver
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._secure.close()
        await self._plain.close()
        if self._resolver:
            await self._resolver.close()

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """What came of it. Nothing that a receiver, a name server or a network does is raised."""
        began = time.monotonic()
        try:
            try:
                return await self._once(method, url, headers, body)
            except _DROPPED as error:
                # A kept connection may have been closed by the other side while we wrote, which says nothing of it.
                if isinstance(error, aiohttp.ClientConnectorError) or time.monotonic() - began > AGAIN_WITHIN:
                    raise
                return await self._once(method, url, headers, body)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the answer)
            return Reply(_outcome_of(error))

    async def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        session = self._secure if url.startswith("https:") else self._plain
        async with session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
            read = await _beginning(response)
            return Reply(_outcome(response.status), response.status, _kept_headers(response), read)


async def _beginning(response: ClientResponse) -> bytes:
    """The first bytes of the answer; the connection is used again only where there are no more."""
    read: list[bytes] = []
    room = KEPT
    while room > 0:
        part = await response.content.read(room)
        if not part:
            return b"".join(read)
        read.append(part)
        room -= len(part)
    if not response.content.at_eof():
        response.close()
    return b"".join(read)


def _outcome(status: int) -> str:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "accepted"
    if status == HTTPStatus.GONE:
        return "gone"
    return "redirected" if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST else "refused"


def _outcome_of(error: Exception) -> str:
    """The word for what went wrong."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), None) or (
        "forbidden" if _is_refusal(error) else "unreachable"
    )


#: From the particular to the general.
_OUTCOMES: tuple[tuple[type[BaseException], str], ...] = (
    (asyncio.TimeoutError, "timeout"),
    (aiohttp.ClientConnectorDNSError, "unknown_name"),
    (aiohttp.ClientSSLError, "bad_tls"),
    (ssl.SSLError, "bad_tls"),
    (aiohttp.ClientResponseError, "not_http"),
    (aiohttp.ClientPayloadError, "not_http"),
    (aiohttp.InvalidURL, "forbidden"),
)


def _is_refusal(error: Exception) -> bool:
    """Whether the guard refused every address."""
    return isinstance(error, OSError) and error.errno == errno.EACCES


def _kept_headers(response: ClientResponse) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in response.headers.items():
        if len(kept) == KEPT_HEADERS:
            break
        kept[_printable(name)] = _printable(value[:KEPT_VALUE])
    return kept


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
