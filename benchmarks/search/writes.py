"""The cost of full-text search for writers: the same creates with it and without it, in turn."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Any

import psycopg

from benchmarks import articles, servers
from benchmarks.search import events
from benchmarks.search.client import Client

#: Generated events whose numbers nothing else has.
_FIRST = 100_000_000

#: Rows as trackers have them, and records as long as the article.
_CONTENTS: Mapping[str, Callable[[int], Any]] = {
    "a tracker's row, 1.5 kB": events.content,
    "a record like the article, 23 kB": articles.body,
}


@dataclass(frozen=True)
class Sizes:
    """Rounds, and events of each kind in a round: some to warm up, then those that count."""

    rounds: int
    warm_up: int
    creates: int


@dataclass(frozen=True)
class Slowdown:
    """Milliseconds of a create, the median of each round, with full-text search and without."""

    with_words: Sequence[float]
    without: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """Ratios of one round each, with by without, in order of size."""
        return sorted(one / other for one, other in zip(self.with_words, self.without, strict=True))


def run(url: str, key: str, sizes: Sizes) -> Mapping[str, Slowdown]:
    """Measure both kinds of rows under either server. The first server changes from round to round."""
    medians: dict[tuple[str, bool], list[float]] = defaultdict(list)
    numbers = count(_FIRST)
    for turn in range(sizes.rounds):
        for searchable in (True, False) if turn % 2 else (False, True):
            serve = servers.service if searchable else servers.without_words
            rows = _count_search_rows(url)
            with serve(url) as address, Client(address, key) as client:
                for name, content in _CONTENTS.items():
                    bodies = [content(next(numbers)) for _ in range(sizes.warm_up + sizes.creates)]
                    seconds = [_create(client, body) for body in bodies]
                    medians[name, searchable].append(median(seconds[sizes.warm_up :]) * 1000)
                    label = "with" if searchable else "without"
                    print(
                        f"round {turn + 1}  {label} words {medians[name, searchable][-1]:7.2f} ms  {name}", flush=True
                    )
            created = len(_CONTENTS) * (sizes.warm_up + sizes.creates) if searchable else 0
            if _count_search_rows(url) - rows != created:
                raise AssertionError(f"{_count_search_rows(url) - rows} search rows were written, not {created}.")
    return {name: Slowdown(medians[name, True], medians[name, False]) for name in _CONTENTS}


def _count_search_rows(url: str) -> int:
    with psycopg.connect(url) as conn:
        [[number]] = conn.execute("SELECT count(*) FROM event_search").fetchall()
    return int(number)


def _create(client: Client, body: Any) -> float:
    began = time.perf_counter()
    client.send("POST", "/v1/events", body, expected=201)
    return time.perf_counter() - began
