"""From what is due to what was answered: deliveries are fetched, go out in their lanes, and are written down."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

import structlog

from service import store
from service.db.pool import Database
from service.errors import Unavailable
from service.store.webhooks.queue import Due, Ended, Wanted
from service.webhooks.completer import Result, settle
from service.webhooks.lane import Parcel
from service.webhooks.leases import Leases
from service.webhooks.metrics import Measured
from service.webhooks.payloads import Key, Message, Messages
from service.webhooks.polling import ABSENCE, Clerks, Pace, wait
from service.webhooks.receivers import Receiver
from service.webhooks.retry_policy import judge
from service.webhooks.scheduler import ORDERED_AHEAD, Lanes, Room
from service.webhooks.sender import Reply, Sender

#: Results that are written down together at most, and seconds for which they are gathered.
BATCH, GATHERED_FOR = 1_000, 0.02

#: Seconds between two looks at the loop; those by which it comes too late when it has too much to do, if it has itself
#: worked for that share of the time: else it is others that keep the processor.
GLANCE, LAG, BUSY = 0.02, 0.01, 0.5

log = structlog.get_logger()


class Content(NamedTuple):
    """What a parcel holds: the delivery, its message (None where the change is no longer kept), its shard's epoch."""

    due: Due
    message: Message | None
    shard: int
    epoch: int


class Dispatcher:
    """The deliveries of one worker, from the database through the lanes to the receivers and back."""

    def __init__(self, database: Database, clerks: Clerks, sender: Sender, leases: Leases, *, slots: int) -> None:
        """To be made in the loop that it runs in."""
        self.measured = Measured()
        #: Set when there may be something due that was not before.
        self.news = asyncio.Event()
        self._lanes = Lanes(slots)
        self._receivers: dict[UUID, Receiver] = {}
        self._database, self._clerks, self._sender, self._leases = database, clerks, sender, leases
        self._messages = Messages()
        self._under_way: set[Parcel] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._ended = asyncio.Event()
        #: Subscriptions that are written down as failing, as far as is known.
        self._failing: set[UUID] = set()
        self._draining = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at: float | None = None
        self._random = Random()  # noqa: S311 (of delays)

    @property
    def busy_shards(self) -> set[int]:
        """Shards with attempts that are not written down yet."""
        return {parcel.content.shard for parcel in self._under_way}

    @property
    def in_flight(self) -> int:
        """Deliveries under way."""
        return self._lanes.in_flight

    def send_for(self, receivers: Iterable[Receiver], *, forget: Iterable[UUID] = ()) -> None:
        """Send for `receivers` and for no others; what waits in hand for those in `forget` is fetched anew."""
        self._receivers = {receiver.id: receiver for receiver in receivers}
        for id_ in {*forget, *(set(self._lanes.open_lanes) - self._receivers.keys())}:
            self._lanes.close(id_)
        for receiver in self._receivers.values():
            if receiver.failing and receiver.id not in self._lanes:
                self._failing.add(receiver.id)
            self._lanes.open(receiver.id, rate=receiver.rate, ordered=receiver.ordered, failing=receiver.failing)

    async def fetch(self) -> int:
        """Fetch what is due, and begin what may; how much was found."""
        self._lanes.look(time.monotonic())
        self._lanes.hungry = False
        found: list[Parcel] = []
        if self._receivers and self._leases.is_safe(time.monotonic()):
            waiting = await self._clerks.ask(self._waiting)
            if rooms := list(self._lanes.rooms(waiting, time.monotonic())):
                found = await self._clerks.ask(self._fetch, rooms)
                self._lanes.offer(rooms, found)
        self.pump()
        return len(found)

    def _waiting(self) -> list[UUID]:
        with self._database.reading() as conn:
            return store.webhooks.queue.list_waiting(conn)

    async def watch_on(self) -> None:
        """Notice when the loop has more to do than it can."""
        while True:
            began, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(GLANCE)
            took = time.monotonic() - began
            is_busy = time.thread_time() - worked > BUSY * took
            self._lanes.adapt(saturated=is_busy and took - GLANCE > LAG)

    async def write_on(self) -> None:
        """Write down how attempts ended, until all is drained and written."""
        while self._under_way or not self._draining:
            await wait(self._ended, Pace.most)
            if self._results:
                await asyncio.sleep(GATHERED_FOR)
                await self._write()

    def drain(self) -> None:
        """Begin nothing more; `write_on` ends when all that is under way has ended and is written down."""
        self._draining = True
        self._lanes.close_all()

    def pump(self) -> None:
        """Begin whatever may begin now."""
        now = time.monotonic()
        if self._leases.is_safe(now) and not self._draining:
            while parcel := self._lanes.take(now):
                self._under_way.add(parcel)
                task = asyncio.create_task(self._deliver(parcel))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        if self._lanes.hungry:
            self.news.set()
        self._set_alarm(now)

    def _set_alarm(self, now: float) -> None:
        wake = self._lanes.next_wake()
        if wake == self._alarm_at:
            return
        if self._alarm:
            self._alarm.cancel()
        self._alarm_at, self._alarm = wake, None
        if wake is not None:
            self._alarm = asyncio.get_running_loop().call_later(max(wake - now, Pace.least), self._ring)

    def _ring(self) -> None:
        self._alarm_at = None
        self.pump()

    async def _deliver(self, parcel: Parcel) -> None:
        due, message, _, _ = parcel.content
        began_at, began = datetime.now(UTC), time.monotonic()
        receiver = self._receivers.get(parcel.lane)
        if message is None or receiver is None:
            reply = Reply("expired")
        else:
            headers = receiver.headers(due.id, message.body, began_at)
            reply = await self._sender.send("POST", receiver.url, headers, message.body)
        now = time.monotonic()
        since_write = (began_at - message.occurred_at).total_seconds() if message and not due.again else None
        self.measured.count_attempt(reply.outcome, now - began, since_write=since_write)
        self._end(parcel, reply, began_at, now - began, now)

    def _end(self, parcel: Parcel, reply: Reply, began_at: datetime, took: float, now: float) -> None:
        due, _, shard, epoch = parcel.content
        step = due.step + 1
        judgement = judge(reply, step=step, chance=self._random.random(), now=datetime.now(UTC))
        self._lanes.ended(parcel, judgement.verdict, now)
        if reply.outcome == "gone":
            self._lanes.close(parcel.lane)
        ended = Ended(
            shard=shard,
            epoch=epoch,
            subscription_id=due.subscription_id,
            seq=due.seq,
            state=judgement.state,
            delay=judgement.delay,
            began_at=began_at,
            ms=round(took * 1000),
            outcome=reply.outcome,
            status=reply.status,
            headers=reply.headers,
            answer=reply.body,
        )
        self._results.append(Result(parcel, ended))
        self._ended.set()
        self.pump()

    async def _write(self) -> None:
        """Write down what has ended. What cannot be written now is kept for the next time."""
        self._ended.clear()
        batch, self._results = self._results[:BATCH], self._results[BATCH:]
        told = [result.ended for result in batch]
        self._failing |= {one.subscription_id for one in told if one.outcome != "accepted"}
        try:
            await self._clerks.ask(settle, self._database, self._leases.worker_id, told, frozenset(self._failing))
        except Exception as error:  # nothing else writes it down, so that whatever it is must pass
            if not isinstance(error, Unavailable):
                log.exception("worker_fault", step="settling")
            self._results = batch + self._results
            await asyncio.sleep(ABSENCE)
            return
        self._failing -= {one.subscription_id for one in told if one.outcome == "accepted"}
        for result in batch:
            self._under_way.discard(result.parcel)
            self._lanes.settled(result.parcel)

    def _fetch(self, rooms: Sequence[Room]) -> list[Parcel]:
        """Parcels for `rooms`. Not twice at once."""
        receivers, epochs = self._receivers, self._leases.epochs
        ordered = [room.lane for room in rooms if room.ordered]
        others = [Wanted(room.lane, room.first, room.further, room.held) for room in rooms if not room.ordered]
        with self._database.reading() as conn:
            due = store.webhooks.queue.find_due(conn, others) if others else []
            due += store.webhooks.queue.find_next(conn, ordered, most=ORDERED_AHEAD) if ordered else []
            ours = [one for one in due if one.subscription_id in receivers]
            keys = {one: Key(one.seq, one.kind, receivers[one.subscription_id].payload) for one in ours}
            messages = self._messages.find(conn, keys.values())
        return [
            _parcel(one, messages[keys[one]], shard, epochs[shard])
            for one in ours
            if keys[one] in messages and (shard := receivers[one.subscription_id].shard) in epochs
        ]


def _parcel(due: Due, message: Message | None, shard: int, epoch: int) -> Parcel:
    cost = len(message.body) if message else 0
    return Parcel(due.subscription_id, due.seq, due.event_id, due.again, cost, Content(due, message, shard, epoch))
