"""The dispatcher: fetches due deliveries, sends them as their lanes allow, and hands the results to the completer."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

import structlog

from service import clock, store
from service.db.pool import Database
from service.errors import Unavailable
from service.store.webhooks.queue import AttemptRow, DueDelivery, FetchRequest
from service.webhooks.completer import CompletedAttempt, record_attempts
from service.webhooks.lane import QueuedDelivery
from service.webhooks.leases import Leases
from service.webhooks.loop_pulses import LoopPulses
from service.webhooks.metrics import WorkerMetrics
from service.webhooks.payloads import PayloadCache, PayloadKey, RenderedPayload
from service.webhooks.polling import RETRY_PAUSE, DatabaseThreads, PollInterval, wait
from service.webhooks.receivers import Receiver
from service.webhooks.retry_policy import decide
from service.webhooks.scheduler import ORDERED_PREFETCH, Capacity, Scheduler
from service.webhooks.sender import Reply, Sender

#: Attempts that are recorded together, at most, and seconds for which they are gathered.
BATCH, GATHER_SECONDS = 1_000, 0.02

#: Seconds between two samples of the loop's lag, the lag in seconds from which it is overloaded, and the share of the
#: time that it must have worked itself: below that, other processes hold the processor.
SAMPLE_INTERVAL, LAG_LIMIT, BUSY_SHARE = 0.02, 0.01, 0.5

log = structlog.get_logger()


class PreparedDelivery(NamedTuple):
    """A delivery with its payload (None if the feed has expired it), its shard and the shard's epoch."""

    due: DueDelivery
    payload: RenderedPayload | None
    shard: int
    epoch: int


class Dispatcher:
    """The deliveries of one worker, from the database through the lanes to the receivers and back."""

    def __init__(
        self,
        database: Database,
        threads: DatabaseThreads,
        sender: Sender,
        leases: Leases,
        *,
        slots: int,
        pulses: LoopPulses,
    ) -> None:
        """Must be created in the event loop in which it runs."""
        self.metrics, self._pulses = WorkerMetrics(pulses), pulses
        #: Set when a delivery may be due that was not due before.
        self.wake = asyncio.Event()
        self._scheduler = Scheduler(slots)
        self._receivers: dict[UUID, Receiver] = {}
        self._database, self._threads, self._sender, self._leases = database, threads, sender, leases
        self._payloads = PayloadCache()
        self._unrecorded: set[QueuedDelivery] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._completed: list[CompletedAttempt] = []
        self._has_completed = asyncio.Event()
        #: Subscriptions that may be recorded as failing.
        self._failing: set[UUID] = set()
        self._draining = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._random = Random()  # noqa: S311 (of delays)

    @property
    def busy_shards(self) -> set[int]:
        """Shards with attempts that are not recorded yet."""
        return {delivery.content.shard for delivery in self._unrecorded}

    @property
    def in_flight(self) -> int:
        """Deliveries in flight."""
        return self._scheduler.in_flight

    def set_receivers(self, receivers: Iterable[Receiver], *, requeue: Iterable[UUID] = ()) -> None:
        """Deliver to `receivers` and to no others. Queued deliveries to those in `requeue` are fetched again."""
        self._receivers = {receiver.id: receiver for receiver in receivers}
        for id_ in {*requeue, *(set(self._scheduler.open_lanes) - self._receivers.keys())}:
            self._scheduler.close_lane(id_)
        for receiver in self._receivers.values():
            if receiver.failing and receiver.id not in self._scheduler:
                self._failing.add(receiver.id)
            self._scheduler.open_lane(
                receiver.id, rate=receiver.rate, ordered=receiver.ordered, failing=receiver.failing
            )

    async def fetch(self) -> int:
        """Fetch due deliveries, start those that may start, and return the number fetched."""
        self._scheduler.mark_stuck(time.monotonic())
        self._scheduler.low_water = False
        deliveries: list[QueuedDelivery] = []
        if self._receivers and self._leases.has_time_for_attempt(time.monotonic()):
            due = await self._threads.run(self._list_due_subscriptions)
            if capacities := list(self._scheduler.free_capacity(due, time.monotonic())):
                deliveries = await self._threads.run(self._fetch, capacities)
                self._scheduler.enqueue(capacities, deliveries)
        self.start_due()
        return len(deliveries)

    def _list_due_subscriptions(self) -> list[UUID]:
        with self._database.reading() as conn:
            return store.webhooks.queue.list_due_subscriptions(conn)

    async def monitor_loop_lag(self) -> None:
        """Lower the load while the event loop lags behind, and raise it otherwise, without end."""
        while True:
            self._pulses.beat("loop_lag", within=SAMPLE_INTERVAL)
            began, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(SAMPLE_INTERVAL)
            elapsed = time.monotonic() - began
            is_busy = time.thread_time() - worked > BUSY_SHARE * elapsed
            self._scheduler.adjust(saturated=is_busy and elapsed - SAMPLE_INTERVAL > LAG_LIMIT)

    async def flush_results(self) -> None:
        """Record the results of attempts, until the dispatcher is drained and every result is recorded."""
        while self._unrecorded or not self._draining:
            self._pulses.beat("results", within=PollInterval.longest)
            await wait(self._has_completed, PollInterval.longest)
            if self._completed:
                await asyncio.sleep(GATHER_SECONDS)
                await self._record()

    def drain(self) -> None:
        """Start no more attempts; `flush_results` returns once those in flight have ended and are recorded."""
        self._draining = True
        self._scheduler.close_all()

    def start_due(self) -> None:
        """Start every attempt that may start now."""
        now = time.monotonic()
        if self._leases.has_time_for_attempt(now) and not self._draining:
            while delivery := self._scheduler.next(now):
                self._unrecorded.add(delivery)
                task = asyncio.create_task(self._deliver(delivery))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        if self._scheduler.low_water:
            self.wake.set()
        self._set_timer(now)

    def _set_timer(self, now: float) -> None:
        at = self._scheduler.next_wake()
        if at == self._timer_at:
            return
        if self._timer:
            self._timer.cancel()
        self._timer_at, self._timer = at, None
        if at is not None:
            self._timer = asyncio.get_running_loop().call_later(max(at - now, PollInterval.shortest), self._on_timer)

    def _on_timer(self) -> None:
        self._timer_at = None
        self.start_due()

    async def _deliver(self, delivery: QueuedDelivery) -> None:
        due, payload, _, _ = delivery.content
        began_at, began = clock.now(), time.monotonic()
        receiver = self._receivers.get(delivery.lane)
        if payload is None or receiver is None:
            reply = Reply("expired")
        else:
            headers = receiver.headers(due.id, payload.body, began_at)
            reply = await self._sender.send("POST", receiver.url, headers, payload.body)
        now = time.monotonic()
        since_write = (began_at - payload.occurred_at).total_seconds() if payload and not due.again else None
        self.metrics.count_attempt(reply.outcome, now - began, since_write=since_write)
        self._finish(delivery, reply, began_at, now - began, now)

    def _finish(self, delivery: QueuedDelivery, reply: Reply, began_at: datetime, seconds: float, now: float) -> None:
        due, _, shard, epoch = delivery.content
        decision = decide(reply, step=due.step + 1, chance=self._random.random(), now=clock.now())
        self._scheduler.finish(delivery, decision.result, now)
        if reply.outcome == "gone":
            self._scheduler.close_lane(delivery.lane)
        row = AttemptRow(
            shard=shard,
            epoch=epoch,
            subscription_id=due.subscription_id,
            seq=due.seq,
            delivery_id=due.id,
            state=decision.state,
            delay=decision.delay,
            began_at=began_at,
            ms=round(seconds * 1000),
            outcome=reply.outcome,
            status=reply.status,
            headers=reply.headers,
            answer=reply.body,
        )
        self._completed.append(CompletedAttempt(delivery, row))
        self._has_completed.set()
        self.start_due()

    async def _record(self) -> None:
        """Record the completed attempts; keep them for the next time if the database does not take them."""
        self._has_completed.clear()
        batch, self._completed = self._completed[:BATCH], self._completed[BATCH:]
        rows = [attempt.row for attempt in batch]
        self._failing |= {row.subscription_id for row in rows if row.outcome != "accepted"}
        try:
            await self._threads.run(
                record_attempts, self._database, self._leases.worker_id, rows, frozenset(self._failing)
            )
        except Exception as error:  # nothing else records these results, so every error is retried
            if not isinstance(error, Unavailable):
                log.exception("worker_fault", step="recording")
            self._completed = batch + self._completed
            await asyncio.sleep(RETRY_PAUSE)
            return
        self._failing -= {row.subscription_id for row in rows if row.outcome == "accepted"}
        for attempt in batch:
            self._unrecorded.discard(attempt.delivery)
            self._scheduler.mark_recorded(attempt.delivery)

    def _fetch(self, capacities: Sequence[Capacity]) -> list[QueuedDelivery]:
        """Return due deliveries that fit into `capacities`. Calls must not overlap."""
        receivers, epochs = self._receivers, self._leases.epochs
        ordered = [one.lane for one in capacities if one.ordered]
        requests = [
            FetchRequest(one.lane, one.first, one.retries, one.exclude) for one in capacities if not one.ordered
        ]
        with self._database.reading() as conn:
            due = store.webhooks.queue.list_due(conn, requests) if requests else []
            due += store.webhooks.queue.list_due_in_order(conn, ordered, limit=ORDERED_PREFETCH) if ordered else []
            ours = [one for one in due if one.subscription_id in receivers]
            keys = {
                one: PayloadKey(one.seq, one.change_id, one.kind, receivers[one.subscription_id].payload)
                for one in ours
            }
            payloads = self._payloads.get_many(conn, keys.values())
        return [
            _queued(one, payloads[keys[one]], shard, epochs[shard])
            for one in ours
            if keys[one] in payloads and (shard := receivers[one.subscription_id].shard) in epochs
        ]


def _queued(due: DueDelivery, payload: RenderedPayload | None, shard: int, epoch: int) -> QueuedDelivery:
    cost = len(payload.body) if payload else 0
    content = PreparedDelivery(due, payload, shard, epoch)
    return QueuedDelivery(due.subscription_id, due.seq, due.event_id, due.again, cost, content)
