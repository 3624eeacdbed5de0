"""Figures of imports and exports, as a table."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks import markdown
from benchmarks.usage import MemorySamples, cpu_seconds
from service.db.embedded_postgres import Server

HEADINGS = (
    "",
    "events",
    "seconds",
    "events/s",
    "wanted",
    "our CPU, s",
    "PostgreSQL's CPU, s",
    "memory, MB: base · most",
)


@dataclass
class Cost:
    """Seconds, processor time and memory of a measurement."""

    seconds: float = 0.0
    #: None where our processes outlive the measurement.
    cpu: float | None = 0.0
    database_cpu: float = 0.0
    memory: MemorySamples = field(default_factory=MemorySamples)

    def figure(self, name: str, events: int, wanted: str = "") -> "Figure":
        """Return the line of the table for so many events."""
        return Figure(name, events, wanted, self)


@dataclass(frozen=True)
class Figure:
    """A line of the table: the cost of so many events, and the rate that is wanted."""

    name: str
    events: int
    wanted: str
    cost: Cost

    @property
    def rate(self) -> float:
        """Events in a second."""
        return self.events / self.cost.seconds


@contextmanager
def measured_cost(on: Server, our_cpu: Callable[[], float]) -> Iterator[Cost]:
    """Measure until the block ends; `our_cpu` returns the seconds of processor time that we have used so far."""
    cost, began = Cost(), time.perf_counter()
    ours, database = our_cpu(), cpu_seconds(on.pid)
    yield cost
    cost.seconds = time.perf_counter() - began
    cost.cpu, cost.database_cpu = our_cpu() - ours, cpu_seconds(on.pid) - database


def table(figures: Sequence[Figure]) -> str:
    """Return the figures in Markdown."""
    return markdown.table(HEADINGS, [_row(figure) for figure in figures])


def _row(figure: Figure) -> list[str]:
    cost = figure.cost
    return [
        figure.name,
        f"{figure.events:,}",
        f"{cost.seconds:,.1f}",
        f"{figure.rate:,.0f}",
        figure.wanted,
        f"{cost.cpu:,.1f}" if cost.cpu is not None else "",
        f"{cost.database_cpu:,.1f}",
        f"{cost.memory.base:,.0f} · {cost.memory.most:,.0f}" if cost.memory.megabytes else "",
    ]
