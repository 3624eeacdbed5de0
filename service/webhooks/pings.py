"""Requests that no change is the reason of: tests that an owner asks for, and handshakes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from service import store
from service.db.pool import Database
from service.store.webhooks.maintenance import Invitation
from service.store.webhooks.pings import AskedPing, Ping
from service.webhooks.payloads import ping_of
from service.webhooks.polling import Clerks
from service.webhooks.receivers import headers_of, ping_secrets
from service.webhooks.sender import Reply, Sender

#: Seconds until a receiver is asked again that gave no answer to the handshake, and those after which it is not.
ASKED_AGAIN, ASKED_NO_MORE = 60.0, 5 * 86_400.0

#: What rates are told in: deliveries a minute.
_ANY = "*"

_NOT_REACHED = ("timeout", "unreachable", "unknown_name", "bad_tls", "not_http")
_NOT_NOW, _FAULT = (408, 425, 429), 500


class Pinger:
    """Makes tests and handshakes, each once at a time, beside the lanes."""

    def __init__(
        self, database: Database, clerks: Clerks, sender: Sender, *, keys: Sequence[bytes], origin: str
    ) -> None:
        """`origin`: the name by which receivers are asked."""
        self._database, self._clerks, self._sender = database, clerks, sender
        self._keys, self._origin = keys, origin
        self._under_way: dict[UUID, asyncio.Task[None]] = {}
        #: Receivers that gave no answer to the handshake, and when they are asked again.
        self._unanswered: dict[UUID, float] = {}

    async def ping(self, shards: Sequence[int]) -> int:
        """Begin the tests that were asked of subscriptions of `shards`; how many there are."""
        return self._begin(
            await self._clerks.ask(self._find, store.webhooks.pings.list_asked_pings, shards), self._ping
        )

    async def invite(self, shards: Sequence[int]) -> int:
        """Begin the handshakes that subscriptions of `shards` still wait for; how many there are."""
        found = await self._clerks.ask(self._find, store.webhooks.maintenance.list_invitations, shards)
        now = time.monotonic()
        self._unanswered = {id_: at for id_, at in self._unanswered.items() if at > now}
        return self._begin([one for one in found if one.id not in self._unanswered], self._invite)

    def _find(self, find: Callable[..., list[Any]], shards: Sequence[int]) -> list[Any]:
        with self._database.reading() as conn:
            return find(conn, shards)

    def _begin(self, asked: Sequence[Any], do: Callable[[Any], Awaitable[None]]) -> int:
        for one in asked:
            if one.id not in self._under_way:
                task = asyncio.ensure_future(do(one))
                self._under_way[one.id] = task
                task.add_done_callback(partial(self._ended, one.id))
        return len(asked)

    def _ended(self, id_: UUID, task: asyncio.Task[None]) -> None:
        """It is tried again as long as it is not written down."""
        del self._under_way[id_]
        if not task.cancelled():
            task.exception()

    async def _ping(self, asked: AskedPing) -> None:
        now, began = datetime.now(UTC), time.monotonic()
        body = ping_of(asked.subscription_id, now)
        headers = headers_of(asked.id, body, ping_secrets(asked, self._keys, now), now)
        reply = await self._sender.send("POST", asked.url, headers, body)
        ping = Ping(
            id=asked.id,
            began_at=now,
            ms=round((time.monotonic() - began) * 1000),
            outcome=reply.outcome,
            status=reply.status,
            headers=reply.headers,
            answer=reply.body,
        )
        await self._clerks.ask(self._write, store.webhooks.pings.finish_ping, ping)

    async def _invite(self, asked: Invitation) -> None:
        reply = await ask(self._sender, asked.url, origin=self._origin, rate=asked.rate_limit)
        if agrees(reply, self._origin):
            await self._clerks.ask(self._pass, asked.id, allowed_rate(reply))
        elif is_no_answer(reply) and asked.seconds < ASKED_NO_MORE:
            self._unanswered[asked.id] = time.monotonic() + ASKED_AGAIN
        else:
            await self._clerks.ask(self._refuse, asked.id)

    def _write(self, write: Callable[..., None], *arguments: Any) -> None:
        with self._database.transaction() as conn:
            write(conn, *arguments)

    def _pass(self, id: UUID, rate: int | None) -> None:
        with self._database.transaction() as conn:
            store.webhooks.subscriptions.pass_handshake(conn, id, rate, now=datetime.now(UTC))

    def _refuse(self, id: UUID) -> None:
        with self._database.transaction() as conn:
            store.webhooks.subscriptions.disable_subscription(conn, id, "handshake", now=datetime.now(UTC))


async def ask(sender: Sender, url: str, *, origin: str, rate: int | None) -> Reply:
    """What the receiver answers when it is asked whether `origin` may send, `rate` a minute where it is limited."""
    asked = {"WebHook-Request-Origin": origin, "User-Agent": "Policytrail"}
    return await sender.send("OPTIONS", url, asked | ({"WebHook-Request-Rate": str(rate)} if rate else {}))


def agrees(reply: Reply, origin: str) -> bool:
    """Whether the answer says yes to `origin`. Its status alone is no consent."""
    return reply.accepted and reply.header("webhook-allowed-origin") in (origin, _ANY)


def is_no_answer(reply: Reply) -> bool:
    """Whether that may be otherwise in a while: the receiver was not reached, or said itself that it cannot now."""
    return reply.outcome in _NOT_REACHED or reply.status in _NOT_NOW or (reply.status or 0) >= _FAULT


def allowed_rate(reply: Reply) -> int | None:
    """The deliveries a minute that the receiver will take at most; None where it does not say."""
    said = (reply.header("webhook-allowed-rate") or "").strip()
    most_digits = 6
    return int(said) if said.isascii() and said.isdigit() and len(said) <= most_digits and int(said) else None
