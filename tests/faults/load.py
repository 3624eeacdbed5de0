"""Clients that send requests at a low rate, whatever the responses."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from threading import Event, Thread

from tests.factories import an_event
from tests.faults.clients import DROPPED, Answer, send_request
from tests.servers import Served

#: Clients, the seconds between two requests of each, and the most requests that each sends.
CLIENTS, PAUSE, MAX_REQUESTS = 4, 0.02, 2000


@dataclass(frozen=True)
class Exchange:
    """A request of the load: when it began and ended, and its response; None where there was no complete one."""

    at: float
    ended: float
    answer: Answer | None

    @property
    def status(self) -> int:
        """The status of the response; 0 without one."""
        return self.answer.status if self.answer else 0


@contextmanager
def load(served: Served, key: str) -> Iterator[list[Exchange]]:
    """The exchanges while the block runs: reads of one event, lists, creates and patches."""
    created = send_request(served.port, "POST", "/v1/events", key=key, json=an_event())
    requests = [
        partial(send_request, served.port, "GET", created.headers["Location"]),
        partial(send_request, served.port, "GET", "/v1/events", key=key),
        partial(send_request, served.port, "POST", "/v1/events", key=key, json=an_event()),
        partial(
            send_request,
            served.port,
            "PATCH",
            created.headers["Location"],
            key=key,
            json={},
            headers={"If-Match": '"1"'},
        ),
    ]
    exchanges, stop = list[Exchange](), Event()
    clients = [
        Thread(target=_send_all, args=(requests[turn:] + requests[:turn], exchanges, stop)) for turn in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        yield exchanges
    finally:
        stop.set()
        for client in clients:
            client.join()


def _send_all(requests: list[Callable[[], Answer]], exchanges: list[Exchange], stop: Event) -> None:
    answer: Answer | None
    for request, _ in zip(cycle(requests), range(MAX_REQUESTS), strict=False):
        at = time.monotonic()
        try:
            answer = request()
        except DROPPED:
            answer = None
        exchanges.append(Exchange(at, time.monotonic(), answer))
        if stop.wait(PAUSE):
            return
