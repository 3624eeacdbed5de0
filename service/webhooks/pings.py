"""Requests without a change: pings, and the handshakes of the CloudEvents webhook specification."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from psycopg import Connection

from service import clock, store
from service.db.pool import Database
from service.store.webhooks.pings import PendingHandshake, PingResult, RequestedPing
from service.webhooks.payloads import ping_body
from service.webhooks.polling import DatabaseThreads
from service.webhooks.receivers import ping_secrets, request_headers
from service.webhooks.sender import Reply, Sender

#: Seconds until the handshake is repeated with a receiver that was unavailable, and after which it has failed.
HANDSHAKE_RETRY, HANDSHAKE_DEADLINE = 60.0, 5 * 86_400.0

#: Handshakes of one key in flight at the same time: hanging receivers must not take all connections.
MAX_HANDSHAKES = 10

#: The value of WebHook-Allowed-Origin that allows every origin.
_ANY = "*"

_UNREACHED = ("timeout", "unreachable", "unknown_name", "bad_tls", "not_http")
_TEMPORARY, _SERVER_ERROR = (408, 425, 429), 500


class Pinger:
    """Sends pings and handshakes beside the lanes, one at a time for each subscription."""

    def __init__(
        self, database: Database, threads: DatabaseThreads, sender: Sender, *, keys: Sequence[bytes], origin: str
    ) -> None:
        """`keys` decrypt the secrets; `origin` is the name under which receivers are asked."""
        self._database, self._threads, self._sender = database, threads, sender
        self._keys, self._origin = keys, origin
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        #: Handshakes in flight by key.
        self._handshakes: Counter[UUID] = Counter()
        #: Subscriptions whose receivers were unavailable, and the times of their next handshakes.
        self._retry_at: dict[UUID, float] = {}

    async def send_pings(self, shards: Sequence[int]) -> int:
        """Start the requested pings of the subscriptions of `shards`, and return their number."""
        pings = await self._threads.run(self._read, store.webhooks.pings.list_requested_pings, shards)
        return self._start(pings, self._ping)

    async def send_handshakes(self, shards: Sequence[int]) -> int:
        """Start the pending handshakes of the subscriptions of `shards`, and return their number."""
        pending = await self._threads.run(self._read, store.webhooks.pings.list_pending_handshakes, shards)
        now = time.monotonic()
        self._retry_at = {id_: at for id_, at in self._retry_at.items() if at > now}
        due = [one for one in pending if one.id not in self._retry_at and one.id not in self._tasks]
        return self._start(list(self._within_limit(due)), self._handshake)

    def _within_limit(self, due: Iterable[PendingHandshake]) -> Iterator[PendingHandshake]:
        """Yield as many handshakes of each key as may start beside those in flight."""
        for one in due:
            if self._handshakes[one.key_id] < MAX_HANDSHAKES:
                self._handshakes[one.key_id] += 1
                yield one

    def _read(self, query: Callable[..., list[Any]], shards: Sequence[int]) -> list[Any]:
        with self._database.reading() as conn:
            return query(conn, shards)

    def _start(self, requests: Sequence[Any], do: Callable[[Any], Awaitable[None]]) -> int:
        for request in requests:
            if request.id not in self._tasks:
                task = asyncio.ensure_future(do(request))
                self._tasks[request.id] = task
                task.add_done_callback(partial(self._on_done, request.id))
        return len(requests)

    def _on_done(self, id_: UUID, task: asyncio.Task[None]) -> None:
        """Forget the task. An error is dropped: the request is repeated until its result is recorded."""
        del self._tasks[id_]
        if not task.cancelled():
            task.exception()

    async def _ping(self, ping: RequestedPing) -> None:
        now, began = clock.now(), time.monotonic()
        body = ping_body(ping.subscription_id, now)
        headers = request_headers(ping.id, body, ping_secrets(ping, self._keys, now), now)
        reply = await self._sender.send("POST", ping.url, headers, body)
        result = PingResult(
            id=ping.id,
            began_at=now,
            ms=round((time.monotonic() - began) * 1000),
            outcome=reply.outcome,
            status=reply.status,
            headers=reply.headers,
            answer=reply.body,
        )
        await self._threads.run(self._write, store.webhooks.pings.record_ping, result)

    async def _handshake(self, pending: PendingHandshake) -> None:
        try:
            await self._ask_for_consent(pending)
        finally:
            self._handshakes[pending.key_id] -= 1

    async def _ask_for_consent(self, pending: PendingHandshake) -> None:
        reply = await send_handshake(self._sender, pending.url, origin=self._origin, rate=pending.rate_limit)
        if is_consent(reply, self._origin):
            await self._threads.run(self._write, self._pass, pending.id, allowed_rate(reply))
        elif is_temporary_failure(reply) and pending.seconds < HANDSHAKE_DEADLINE:
            self._retry_at[pending.id] = time.monotonic() + HANDSHAKE_RETRY
        else:
            await self._threads.run(self._write, self._refuse, pending.id)

    def _write(self, write: Callable[..., None], *arguments: Any) -> None:
        with self._database.transaction() as conn:
            write(conn, *arguments)

    @staticmethod
    def _pass(conn: Connection, id: UUID, rate: int | None) -> None:
        store.webhooks.subscriptions.pass_handshake(conn, id, rate, now=clock.now())

    @staticmethod
    def _refuse(conn: Connection, id: UUID) -> None:
        store.webhooks.subscriptions.disable_subscription(conn, id, "handshake", now=clock.now())


async def send_handshake(sender: Sender, url: str, *, origin: str, rate: int | None) -> Reply:
    """Ask the receiver to allow deliveries from `origin`, `rate` a minute if there is a limit, and return its reply."""
    headers = {"WebHook-Request-Origin": origin, "User-Agent": "Policytrail"}
    return await sender.send("OPTIONS", url, headers | ({"WebHook-Request-Rate": str(rate)} if rate else {}))


def is_consent(reply: Reply, origin: str) -> bool:
    """Return whether the reply allows `origin`. A successful status alone is no consent."""
    return reply.accepted and reply.header("webhook-allowed-origin") in (origin, _ANY)


def is_temporary_failure(reply: Reply) -> bool:
    """Return whether a later handshake may succeed: the receiver was not reached, or reports that it is unavailable."""
    return reply.outcome in _UNREACHED or reply.status in _TEMPORARY or (reply.status or 0) >= _SERVER_ERROR


def allowed_rate(reply: Reply) -> int | None:
    """Return the deliveries a minute that the receiver allows, or None if it names no number."""
    text = (reply.header("webhook-allowed-rate") or "").strip()
    most_digits = 6
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits and int(text) else None
