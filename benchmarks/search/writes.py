"""What finding words costs those who write: the same creates with it and without it, in turn."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks import articles, servers
from benchmarks.search import events
from benchmarks.search.client import Client

#: Rounds, events created in a round by each, and how many go before to warm up.
ROUNDS, CREATES, WARM_UP = 5, 300, 50

#: Generated events that nothing else has the numbers of.
_FIRST = 100_000_000


@dataclass(frozen=True)
class Slowdown:
    """Milliseconds of a create, the median of each round, with words and without."""

    searched: Sequence[float]
    unsearched: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """With words by without, of one round each, in order of size."""
        return sorted(one / other for one, other in zip(self.searched, self.unsearched, strict=True))


def run(url: str, key: str) -> Mapping[str, Slowdown]:
    """Measure rows as trackers have them, and records as long as the article."""
    return {
        "a tracker's row, 1.5 kB": _compare(url, key, events.content, _FIRST),
        "a record like the article, 23 kB": _compare(url, key, articles.body, 2 * _FIRST),
    }


def _compare(url: str, key: str, content: Any, first: int) -> Slowdown:
    taken: dict[bool, list[float]] = {True: [], False: []}
    number = first
    for turn in range(ROUNDS):
        for searched in (True, False) if turn % 2 else (False, True):
            with (servers.service if searched else servers.unsearched)(url) as address, Client(address, key) as client:
                bodies = [content(number + place) for place in range(WARM_UP + CREATES)]
                number += len(bodies)
                taken[searched].append(median(_created(client, body) for body in bodies[WARM_UP:]) * 1000)
            print(
                f"round {turn + 1}  {'with' if searched else 'without'} words {taken[searched][-1]:7.2f} ms", flush=True
            )
    return Slowdown(taken[True], taken[False])


def _created(client: Client, body: Any) -> float:
    began = time.perf_counter()
    client.send("POST", "/v1/events", body, expected=201)
    return time.perf_counter() - began
