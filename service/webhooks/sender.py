"""The sender: one request to a receiver, bounded in time, in the size of the response, and in its destination."""

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

from service.webhooks.address_guard import AddressGuard
from service.webhooks.resolver import Resolver

#: Seconds for a whole attempt: connection, TLS, and the last byte that is read of the response.
TIMEOUT = 15.0
#: Seconds of these for name resolution, connection and TLS.
CONNECT_TIMEOUT = 10.0
#: Bytes of a response body that are read. A connection with more to come is closed.
MAX_BODY_BYTES = 16_384
#: Headers of a response that are stored, and characters of each.
MAX_HEADERS, MAX_HEADER_LENGTH = 64, 1_000
#: Seconds after which an idle connection is closed: fewer than the five of common servers.
KEEPALIVE = 4.0
#: Seconds for which a name's addresses are cached.
DNS_TTL = 60

#: A connection that drops within so many seconds, without a response, is opened once more.
RECONNECT_WITHIN = 1.0

_DROPPED = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)

#: Characters that PostgreSQL cannot store as JSON, or that a terminal interprets.
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")


class Reply(NamedTuple):
    """The outcome of a request (a word of schemas.deliveries.Outcome), and the response if there was one."""

    outcome: str
    status: int | None = None
    headers: dict[str, str] | None = None
    body: bytes | None = None

    @property
    def accepted(self) -> bool:
        """True if the receiver has accepted the request."""
        return self.outcome == "accepted"

    def header(self, name: str) -> str | None:
        """Return a header of the response by its name in lower case, or None."""
        return next((value for key, value in (self.headers or {}).items() if key.lower() == name), None)


class Sender:
    """Connections to receivers. Enter it in the event loop that uses it."""

    def __init__(
        self,
        guard: AddressGuard,
        *,
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        """`tls` defaults to the certificates that the machine trusts."""
        self._guard = guard
        self._timeout = ClientTimeout(total=timeout, connect=min(timeout, CONNECT_TIMEOUT))
        self._tls = tls
        self._resolver = resolver

    async def __aenter__(self) -> Self:
        """Open the sessions."""
        tls = self._tls or ssl.create_default_context()
        resolver = self._resolver or Resolver()
        self._secure, self._plain = (
            ClientSession(
                connector=TCPConnector(
                    limit=0,
                    ttl_dns_cache=DNS_TTL,
                    keepalive_timeout=KEEPALIVE,
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
        """Send a request and return the reply. No error of a receiver, a name server or a network is raised."""
        began = time.monotonic()
        try:
            try:
                return await self._once(method, url, headers, body)
            except _DROPPED as error:
                # The receiver may have closed an idle connection while we wrote, which is no failure.
                if isinstance(error, aiohttp.ClientConnectorError) or time.monotonic() - began > RECONNECT_WITHIN:
                    raise
                return await self._once(method, url, headers, body)
        except Exception as error:  # noqa: BLE001 (each error is an outcome)
            return Reply(_outcome_of(error))

    async def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        session = self._secure if url.startswith("https:") else self._plain
        async with session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
            body = await _read_start(response)
            return Reply(_outcome(response.status), response.status, _headers(response), body)


async def _read_start(response: ClientResponse) -> bytes:
    """Return the first bytes of the body. The connection is used again only if there are no more."""
    chunks: list[bytes] = []
    room = MAX_BODY_BYTES
    while room > 0:
        chunk = await response.content.read(room)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        room -= len(chunk)
    if not response.content.at_eof():
        response.close()
    return b"".join(chunks)


def _outcome(status: int) -> str:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "accepted"
    if status == HTTPStatus.GONE:
        return "gone"
    return "redirected" if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST else "refused"


def _outcome_of(error: Exception) -> str:
    """Return the outcome of an error."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), None) or (
        "forbidden" if _is_forbidden(error) else "unreachable"
    )


#: Errors and their outcomes, from the particular to the general.
_OUTCOMES: tuple[tuple[type[BaseException], str], ...] = (
    (asyncio.TimeoutError, "timeout"),
    (aiohttp.ClientConnectorDNSError, "unknown_name"),
    (aiohttp.ClientSSLError, "bad_tls"),
    (ssl.SSLError, "bad_tls"),
    (aiohttp.ClientResponseError, "not_http"),
    (aiohttp.ClientPayloadError, "not_http"),
    (aiohttp.InvalidURL, "forbidden"),
)


def _is_forbidden(error: Exception) -> bool:
    """Return whether the guard has refused every address."""
    return isinstance(error, OSError) and error.errno == errno.EACCES


def _headers(response: ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        if len(headers) == MAX_HEADERS:
            break
        headers[_printable(name)] = _printable(value[:MAX_HEADER_LENGTH])
    return headers


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
