"""The webhook worker: numbers what was written, matches it with subscriptions, and tells it. Any number may run."""

import asyncio
import resource
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
import uvloop
from prometheus_client import start_http_server
from psycopg import Connection

from service import store
from service.config import Settings
from service.db.pool import Database
from service.encryption import parse_keys
from service.errors import Unavailable
from service.feed.sequencer import sequence_once, trim_once
from service.ids import uuid7
from service.search.suggest.indexer import keep_names_once
from service.webhooks import maintenance
from service.webhooks.address_guard import Guard, networks_of
from service.webhooks.assignments import Roster
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.leases import MARGIN, Leases
from service.webhooks.matcher import Matcher
from service.webhooks.metrics import IN_FLIGHT, REGISTRY, SHARDS, Measured, tell_health
from service.webhooks.pings import Pinger
from service.webhooks.polling import Clerks, Pace, repeat
from service.webhooks.sender import Sender

#: Seconds between two looks at what owners have changed, at how everything stands, and at what is old, at most.
OFTEN, NOW_AND_THEN, SELDOM = 1.0, 5.0, 600.0

#: Seconds after which words that were written lately are put where searches find them at once.
SETTLED_EVERY = 5.0

#: Seconds after which a busy loop lets a thread that speaks with the database go on: each statement's answer waits for
#: that, and ten of them come before what was written is sent.
TURN = 0.0005

log = structlog.get_logger()


def run(settings: Settings) -> None:
    """Work until told to stop by SIGTERM or SIGINT; what is under way then is ended first."""
    _raise_limit_of_files()
    sys.setswitchinterval(TURN)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = Worker(settings, sender_of(settings))
    if settings.worker_metrics_port:
        _tell_metrics(settings.host, settings.worker_metrics_port)
        REGISTRY.register(worker.measured)
    await worker.work(stop)


def _tell_metrics(host: str, port: int) -> None:
    """Serve metrics. ValueError where nobody can listen there."""
    try:
        start_http_server(port, host, REGISTRY)
    except OSError as error:
        raise ValueError(f"POLICYTRAIL_WORKER_METRICS_PORT: {host}:{port}: {error.strerror}") from error


def sender_of(settings: Settings) -> Sender:
    """A sender within the bounds that the settings say."""
    guard = Guard(networks_of(settings.webhook_private_networks), networks_of(settings.webhook_http_networks))
    return Sender(guard, timeout=settings.webhook_timeout)


def _raise_limit_of_files() -> None:
    """Let as many connections be open as this machine allows us."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Worker:
    """One worker: loops that go on whatever fails."""

    def __init__(self, settings: Settings, sender: Sender) -> None:
        """To be made in the loop that it runs in."""
        self.id = uuid7()
        self._settings, self._sender = settings, sender
        self._database, self._clerks = Database(settings), Clerks()
        keys = parse_keys(settings.secret_keys)
        self._leases = Leases(self.id, lasts=settings.webhook_lease, timeout=settings.webhook_timeout)
        self._roster = Roster(self._database, self._leases, keys)
        self._pinger = Pinger(self._database, self._clerks, sender, keys=keys, origin=settings.webhook_origin)
        self._dispatcher = Dispatcher(self._database, self._clerks, sender, self._leases, slots=settings.webhook_slots)
        self._matcher = Matcher()
        self._numbered = asyncio.Event()

    @property
    def measured(self) -> Measured:
        """What it has counted."""
        return self._dispatcher.measured

    async def work(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then until what is under way has ended and is written down."""
        self._database.open()
        log.debug("worker_started", worker=str(self.id))
        async with self._sender:
            writing = asyncio.create_task(self._dispatcher.write_on())
            loops = [asyncio.create_task(loop) for loop in (*self._loops(), self._dispatcher.watch_on())]
            await stop.wait()
            self._dispatcher.drain()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(writing, self._settings.webhook_timeout + MARGIN)
            with suppress(Unavailable):
                await self._clerks.ask(self._release)
        self._clerks.dismiss()
        self._database.close()
        log.debug("worker_ended", worker=str(self.id))

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        often = min(OFTEN, self._leases.every)
        return [
            repeat(self._beat, name="beat", pace=Pace(often, often)),
            repeat(self._sequence, name="sequencing", pace=Pace()),
            repeat(self._match, name="matching", pace=Pace(), news=self._numbered),
            repeat(self._dispatcher.fetch, name="fetching", pace=Pace(), news=self._dispatcher.news),
            repeat(self._ping, name="pinging", pace=Pace(0.1, 0.2)),
            repeat(self._tend, name="tending", pace=Pace(0.01, OFTEN)),
            repeat(self._keep_names, name="naming", pace=Pace(0.01, OFTEN)),
            repeat(self._settle, name="settling", pace=Pace(SETTLED_EVERY, SETTLED_EVERY)),
            repeat(self._sweep, name="sweeping", pace=Pace(OFTEN, SELDOM)),
            repeat(self._tell, name="telling", pace=Pace(NOW_AND_THEN, NOW_AND_THEN)),
        ]

    async def _beat(self) -> int:
        summary = self.measured.summary() | {"in_flight": self._dispatcher.in_flight}
        roll = await self._clerks.ask(self._roster.call, summary, self._dispatcher.busy_shards)
        self._dispatcher.send_for(roll.receivers, forget=roll.outdated)
        SHARDS.set(len(self._leases.epochs))
        IN_FLIGHT.set(self._dispatcher.in_flight)
        return 0

    async def _sequence(self) -> int:
        number = await self._clerks.ask(self._reading, sequence_once)
        if number:
            self._numbered.set()
        return number

    async def _match(self) -> int:
        number = await self._clerks.ask(self._reading, self._match_once)
        if number:
            self._dispatcher.news.set()
        return number

    def _match_once(self, conn: Connection) -> int:
        return self._matcher.match_once(conn, datetime.now(UTC))

    async def _keep_names(self) -> int:
        return await self._clerks.ask(self._named)

    def _named(self) -> int:
        with self._database.transaction() as conn:
            return keep_names_once(conn)

    async def _ping(self) -> int:
        return await self._pinger.ping(self._leases.mine)

    async def _tend(self) -> int:
        """What keeps owners waiting, or would pile up; the rest of it at once where there is more."""
        shards = self._leases.mine
        skipped = await self._clerks.ask(maintenance.skip_paused, self._database, shards)
        recovered = await self._clerks.ask(maintenance.recover, self._database)
        if recovered:
            self._dispatcher.news.set()
        await self._clerks.ask(partial(maintenance.disable_keyless, self._database, public=self._settings.public_read))
        await self._pinger.invite(shards)
        return skipped + recovered

    async def _settle(self) -> int:
        await self._clerks.ask(self._reading, store.search.documents.flush_pending_list)
        return 0

    async def _sweep(self) -> int:
        await self._clerks.ask(maintenance.sweep, self._database, self._leases.mine, self._settings.delivery_retention)
        return await self._clerks.ask(self._reading, self._trim)

    def _trim(self, conn: Connection) -> int:
        return trim_once(conn, days=self._settings.feed_retention, now=datetime.now(UTC))

    async def _tell(self) -> int:
        if self._settings.worker_metrics_port:
            await self._clerks.ask(self._reading, _tell)
        return 0

    def _reading(self, do: Any) -> int:
        with self._database.reading() as conn:
            return int(do(conn))

    def _release(self) -> None:
        with self._database.transaction() as conn:
            self._leases.release(conn)


def _tell(conn: Connection) -> int:
    tell_health(store.webhooks.maintenance.get_health(conn), store.feed.get_feed_lag(conn), now=time.time())
    return 0
