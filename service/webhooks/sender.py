"""The sender: one request to a receiver, bounded in time, in the size of the response, and in its destination."""

import asyncio
import errno
import re
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from service.webhooks.address_guard import AddressGuard
from service.webhooks.receiver_url import parse_receiver_url
from service.webhooks.resolver import Resolver
from service.webhooks.response_head import EXPECTED_HEAD, RecordingHandler, ResponseHead

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

#: Statuses whose responses have no body, and the headers that announce one all the same.
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_ANNOUNCING = ("Content-Length", "Transfer-Encoding")

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
                connector=_RecordingConnector(
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
        began, head = time.monotonic(), ResponseHead()
        try:
            try:
                return await self._once(head, method, url, headers, body)
            except aiohttp.ClientError as error:
                if not _is_stale_connection(error, head) or time.monotonic() - began > RECONNECT_WITHIN:
                    raise
                return await self._once(ResponseHead(), method, url, headers, body)
        except Exception as error:  # noqa: BLE001 (each error is an outcome)
            return Reply(_outcome_of(error))

    async def _once(
        self, head: ResponseHead, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """Return the reply to one request; `head` records the response. The status counts, whatever follows it."""
        target = _parse(url)
        session = self._secure if target.scheme == "https" else self._plain
        EXPECTED_HEAD.set(head)
        try:
            async with session.request(method, target, headers=headers, data=body, allow_redirects=False) as response:
                start = await _read_start(response)
                return Reply(_outcome(response.status), response.status, _storable(response.headers.items()), start)
        except aiohttp.ClientError:
            if (status := head.status) is None:
                raise
            return Reply(_outcome(status), status, _storable(head.headers()))


class _RecordingConnector(TCPConnector):
    """A connector whose connections record the heads of responses."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(RecordingHandler, loop=self._loop)  # type: ignore[assignment]  # `partial` is invariant


def _parse(url: str) -> URL:
    """Return the parsed URL. Raise InvalidURL if its host is not valid."""
    try:
        return parse_receiver_url(url)
    except ValueError as error:
        raise aiohttp.InvalidURL(url) from error


def _is_stale_connection(error: aiohttp.ClientError, head: ResponseHead) -> bool:
    """Return whether the error may stem from a kept connection, which is no failure of the receiver.

    The receiver may have closed it while we wrote, or have sent more than its former response announced.
    """
    if isinstance(error, aiohttp.ClientResponseError):
        return head.is_reused
    return isinstance(error, _DROPPED) and not isinstance(error, aiohttp.ClientConnectorError)


async def _read_start(response: ClientResponse) -> bytes:
    """Return the first bytes of the body, as far as it is intact.

    The connection is used again only if there are no more.
    """
    chunks: list[bytes] = []
    room = MAX_BODY_BYTES
    with suppress(aiohttp.ClientError):
        while room > 0 and (chunk := await response.content.read(room)):
            chunks.append(chunk)
            room -= len(chunk)
    if not response.content.at_eof() or _announces_a_forbidden_body(response):
        response.close()
    return b"".join(chunks)


def _announces_a_forbidden_body(response: ClientResponse) -> bool:
    """Return whether bytes may follow that would be taken for the next response."""
    announced = (response.headers.get(name, "0") for name in _ANNOUNCING)
    return response.status in _WITHOUT_BODY and any(value != "0" for value in announced)


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


def _storable(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in items:
        if len(headers) == MAX_HEADERS:
            break
        headers[_printable(name)] = _printable(value[:MAX_HEADER_LENGTH])
    return headers


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
