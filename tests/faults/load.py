"""Clients that go on asking a little at a time, whatever they are answered."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from threading import Event, Thread

from tests.factories import an_event
from tests.faults.clients import DROPPED, Answer, ask
from tests.serving import Served

#: Clients, the seconds each rests between two requests, and how many it sends at most.
CLIENTS, REST, MOST = 4, 0.02, 2000


@dataclass(frozen=True)
class Asked:
    """A request of the load: when it was sent and ended, and the answer; None where no whole one came."""

    at: float
    ended: float
    answer: Answer | None

    @property
    def status(self) -> int:
        """The answer's status; 0 where there was none."""
        return self.answer.status if self.answer else 0


@contextmanager
def load(served: Served, key: str) -> Iterator[list[Asked]]:
    """What is asked and answered while the block runs: one event read, lists, creates and a patch."""
    created = ask(served.port, "POST", "/v1/events", key=key, json=an_event())
    requests = [
        partial(ask, served.port, "GET", created.headers["Location"]),
        partial(ask, served.port, "GET", "/v1/events", key=key),
        partial(ask, served.port, "POST", "/v1/events", key=key, json=an_event()),
        partial(ask, served.port, "PATCH", created.headers["Location"], key=key, json={}, headers={"If-Match": '"1"'}),
    ]
    asked, stop = list[Asked](), Event()
    clients = [Thread(target=_go_on, args=(requests[turn:] + requests[:turn], asked, stop)) for turn in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield asked
    finally:
        stop.set()
        for client in clients:
            client.join()


def _go_on(requests: list[Callable[[], Answer]], asked: list[Asked], stop: Event) -> None:
    answer: Answer | None
    for request, _ in zip(cycle(requests), range(MOST), strict=False):
        at = time.monotonic()
        try:
            answer = request()
        except DROPPED:
            answer = None
        asked.append(Asked(at, time.monotonic(), answer))
        if stop.wait(REST):
            return
