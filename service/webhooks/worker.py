"""The webhook worker: sequences committed writes, matches them with subscriptions, and delivers them.

Any number of workers may run. The shards of the subscriptions are leased to them.
"""

import asyncio
import resource
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
import uvloop
from psycopg import Connection

from service import clock, store
from service.config import Settings
from service.db.pool import Database, compare_clocks
from service.encryption import parse_keys
from service.errors import Invalid, ServiceError, Unavailable
from service.feed.sequencer import sequence_once, trim_once
from service.ids import uuid7
from service.observability.readiness import report_ready
from service.search.suggest.indexer import index_names_once
from service.search.synonyms.indexer import index_synonyms_once
from service.search.synonyms.synonym_file import SynonymFile
from service.webhooks import maintenance
from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.assignments import Assignments
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.leases import MARGIN, Leases
from service.webhooks.loop_pulses import LoopPulses
from service.webhooks.matcher import BackgroundMatcher, FeedMatcher, Matcher
from service.webhooks.metrics import CLOCK_OFFSET, IN_FLIGHT, REGISTRY, SHARDS, WorkerMetrics, export_health
from service.webhooks.pings import Pinger
from service.webhooks.polling import DatabaseThreads, PollInterval, poll_forever
from service.webhooks.sender import Sender
from service.webhooks.status_server import serve_status

#: Seconds between two runs, at most: of the heartbeat and the maintenance, of the gauges, of the clean-up.
HEARTBEAT_INTERVAL, GAUGES_INTERVAL, CLEANUP_INTERVAL = 1.0, 5.0, 600.0

#: Seconds between two runs of the clean-up while there is more to delete: each run deletes a bounded number of rows, so
#: that a wrong retention, or a wrong clock of a whole machine, can be noticed before all is gone.
CLEANUP_PAUSE = 60.0

#: Seconds after which the words of recent writes move from the pending list into the index proper.
PENDING_LIST_INTERVAL = 5.0

#: Seconds after which a busy event loop yields to a database thread. Each statement waits for that once, and ten of
#: them lie between a write and its delivery.
SWITCH_INTERVAL = 0.0005

log = structlog.get_logger()


class LoopEndedError(ServiceError):
    """A loop of the worker has ended unexpectedly."""

    code = "loop-ended"


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; attempts in flight end first. Raise ValueError for a bad setting.

    LoopEndedError if a loop ends before that: half a worker would keep its shards from the whole ones.
    """
    _raise_file_limit()
    sys.setswitchinterval(SWITCH_INTERVAL)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = WebhookWorker(settings, make_sender(settings))
    if settings.worker_metrics_port:
        serve_status(worker.pulses, settings.host, settings.worker_metrics_port)
        REGISTRY.register(worker.metrics)
    report_ready()
    await worker.work(stop)


def make_sender(settings: Settings) -> Sender:
    """Return a sender with the networks and the timeout of the settings. Raise ValueError if they are malformed."""
    guard = AddressGuard(
        parse_networks(settings.webhook_private_networks), parse_networks(settings.webhook_http_networks)
    )
    return Sender(guard, timeout=settings.webhook_timeout)


def _raise_file_limit() -> None:
    """Allow as many open connections as the machine does."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))


class WebhookWorker:
    """One worker: independent loops that survive each other's errors."""

    def __init__(self, settings: Settings, sender: Sender) -> None:
        """Must be created in the event loop in which it runs."""
        self.id = uuid7()
        self._settings, self._sender = settings, sender
        self._database, self._threads = Database(settings), DatabaseThreads()
        keys = parse_keys(settings.secret_keys)
        #: By which a health check notices a loop that has ended or hangs.
        self.pulses = LoopPulses()
        self._leases = Leases(self.id, duration=settings.webhook_lease, timeout=settings.webhook_timeout)
        self._assignments = Assignments(self._database, self._leases, keys)
        self._pinger = Pinger(self._database, self._threads, sender, keys=keys, origin=settings.webhook_origin)
        self._dispatcher = Dispatcher(
            self._database,
            self._threads,
            sender,
            self._leases,
            slots=settings.webhook_slots,
            pulses=self.pulses,
        )
        self._matcher, self._background_matcher = Matcher(), BackgroundMatcher()
        self._synonym_file = SynonymFile(settings.synonyms)
        self._sequenced = asyncio.Event()

    @property
    def metrics(self) -> WorkerMetrics:
        """The worker's counts."""
        return self._dispatcher.metrics

    async def work(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then until the attempts in flight have ended and are recorded.

        LoopEndedError, after the same end, if a loop ends before.
        """
        self._database.open()
        log.debug("worker_started", worker=str(self.id))
        async with self._sender:
            flushing = asyncio.create_task(self._dispatcher.flush_results(), name="results")
            loops = [asyncio.create_task(loop, name=name) for name, loop in self._loops().items()]
            ended = await _first_ended(stop, [flushing, *loops])
            self._dispatcher.drain()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await asyncio.wait([flushing], timeout=self._settings.webhook_timeout + MARGIN)
            flushing.cancel()
            with suppress(Unavailable):
                await self._threads.run(self._release)
        self._threads.shutdown()
        self._database.close()
        log.debug("worker_ended", worker=str(self.id))
        if ended:
            raise LoopEndedError(f"The worker's loop {ended} has ended; start the worker again.")

    def _loops(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the loops by name."""
        heartbeat = _every(min(HEARTBEAT_INTERVAL, self._leases.renewal_interval))
        wake = self._dispatcher.wake
        polls: dict[str, tuple[Callable[[], Coroutine[Any, Any, int]], PollInterval, asyncio.Event | None]] = {
            "heartbeat": (self._renew_leases, heartbeat, None),
            "sequencer": (self._sequence, PollInterval(), None),
            "matcher": (self._match, PollInterval(), self._sequenced),
            "background_matcher": (self._match_in_background, PollInterval(), None),
            "dispatcher": (self._dispatcher.fetch, PollInterval(), wake),
            "pings": (self._send_pings, PollInterval(0.1, 0.2), None),
            "maintenance": (self._run_maintenance, PollInterval(0.01, HEARTBEAT_INTERVAL), None),
            "suggestions": (self._index_suggestions, PollInterval(0.01, HEARTBEAT_INTERVAL), None),
            "synonyms": (self._index_synonyms, PollInterval(0.01, HEARTBEAT_INTERVAL), None),
            "pending_list": (self._flush_pending_list, _every(PENDING_LIST_INTERVAL), None),
            "cleanup": (self._delete_expired, PollInterval(CLEANUP_PAUSE, CLEANUP_INTERVAL), None),
            "gauges": (self._export_gauges, _every(GAUGES_INTERVAL), None),
        }
        return {"loop_lag": self._dispatcher.monitor_loop_lag()} | {
            name: poll_forever(step, name=name, interval=interval, wake=event, pulses=self.pulses)
            for name, (step, interval, event) in polls.items()
        }

    async def _renew_leases(self) -> int:
        """Send a heartbeat: renew the leases, and deliver to their current receivers."""
        metrics = self.metrics.summary() | {"in_flight": self._dispatcher.in_flight}
        assignment = await self._threads.run(self._assignments.refresh, metrics, self._dispatcher.busy_shards)
        self._dispatcher.set_receivers(assignment.receivers, requeue=assignment.outdated)
        CLOCK_OFFSET.set(clock.CLOCK.offset)
        SHARDS.set(len(self._leases.epochs))
        IN_FLIGHT.set(self._dispatcher.in_flight)
        return 0

    async def _sequence(self) -> int:
        number = await self._threads.run(self._read, sequence_once)
        if number:
            self._sequenced.set()
        return number

    async def _match(self) -> int:
        return await self._match_with(self._matcher)

    async def _match_in_background(self) -> int:
        return await self._match_with(self._background_matcher)

    async def _match_with(self, matcher: FeedMatcher) -> int:
        number = await self._threads.run(self._read, partial(_match_once, matcher))
        if number:
            self._dispatcher.wake.set()
        return number

    async def _index_suggestions(self) -> int:
        return await self._threads.run(self._write, index_names_once)

    async def _index_synonyms(self) -> int:
        try:
            loaded = await self._threads.run(self._write, self._synonym_file.load_if_changed)
        except Invalid as error:  # the terms that were loaded before stay
            log.warning("synonyms_refused", detail=error.detail, faults=[fault.detail for fault in error.faults])
            loaded = 0
        return loaded + await self._threads.run(self._write, index_synonyms_once)

    async def _send_pings(self) -> int:
        return await self._pinger.send_pings(self._leases.active_shards)

    async def _run_maintenance(self) -> int:
        """Run the maintenance that owners wait for, and return the number of rows that it changed."""
        shards = self._leases.active_shards
        skipped = await self._threads.run(maintenance.skip_paused, self._database, shards)
        recovered = await self._threads.run(maintenance.advance_recovery, self._database)
        if recovered:
            self._dispatcher.wake.set()
        disable_keyless = partial(maintenance.disable_keyless, self._database, public=self._settings.public_read)
        await self._threads.run(disable_keyless)
        await self._pinger.send_handshakes(shards)
        return skipped + recovered

    async def _flush_pending_list(self) -> int:
        await self._threads.run(self._read, store.search.documents.flush_pending_list)
        return 0

    async def _delete_expired(self) -> int:
        shards, days = self._leases.active_shards, self._settings.delivery_retention
        await self._threads.run(maintenance.delete_expired, self._database, shards, days)
        return await self._threads.run(self._read, self._trim)

    def _trim(self, conn: Connection) -> int:
        compare_clocks(conn)
        return trim_once(conn, before=clock.cutoff(self._settings.feed_retention))

    async def _export_gauges(self) -> int:
        if self._settings.worker_metrics_port:
            await self._threads.run(self._read, _export_gauges)
        return 0

    def _read(self, do: Callable[[Connection], Any]) -> int:
        with self._database.reading() as conn:
            return int(do(conn))

    def _write(self, do: Callable[[Connection], int]) -> int:
        with self._database.transaction() as conn:
            return do(conn)

    def _release(self) -> None:
        with self._database.transaction() as conn:
            self._leases.release(conn)


async def _first_ended(stop: asyncio.Event, loops: Sequence[asyncio.Task[None]]) -> str | None:
    """Wait until `stop` is set or a loop ends, and return the name of that loop."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *loops], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    ended = None if stop.is_set() else next(loop for loop in loops if loop.done())
    if ended is None:
        return None
    error = None if ended.cancelled() else ended.exception()
    log.critical("loop_ended", step=ended.get_name(), exc_info=error)
    return ended.get_name()


def _match_once(matcher: FeedMatcher, conn: Connection) -> int:
    return matcher.match_once(conn, clock.now())


def _every(seconds: float) -> PollInterval:
    return PollInterval(seconds, seconds)


def _export_gauges(conn: Connection) -> int:
    export_health(store.webhooks.maintenance.get_health(conn), store.feed.get_feed_lag(conn), now=clock.CLOCK.seconds())
    return 0
