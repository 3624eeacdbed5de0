"""`make bench-feed`: reads of the change feed, and its cost for writers."""

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import databases
from benchmarks.feed import pages, writers
from benchmarks.feed.pages import Reading
from benchmarks.feed.writers import Cost, Sizes
from benchmarks.markdown import put, table
from benchmarks.report import machine

README = Path(__file__).parent / "README.md"

#: Subscriptions, and the number of them that each write matches.
LOADS = ((0, 0), (50, 0), (1_000, 0), (1_000, 5))

#: Enough to run everything once, and for one entry to pass the filter.
SMALL_ENTRIES, SMALL = 260, Sizes(((0, 0), (5, 2)), rounds=1, seconds=0.1, warm_up=0.0)


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--entries", default=1_000_000, type=click.IntRange(10_000), help="Entries of the feed that is read.")
@click.option("--seconds", default=15, type=click.IntRange(2, 600), help="Seconds of each measurement of writers.")
@click.option("--small", is_flag=True, help="Run everything once in seconds; write no tables.")
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/feed/README.md.")
def main(entries: int, seconds: int, *, small: bool, write: bool) -> None:
    """Measure the feed. Each option may be set as BENCH_…."""
    # SIGTERM unwinds, so that servers stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    entries = SMALL_ENTRIES if small else entries
    sizes = SMALL if small else Sizes(LOADS, rounds=3, seconds=seconds, warm_up=3.0)
    with tempfile.TemporaryDirectory(prefix="policytrail-feed-") as name:
        directory = Path(name)
        with databases.server(directory / "postgres") as on:
            readings = list(pages.measure(on, entries))
            costs = list(writers.measure(on, directory, sizes))
    setting = f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}; load at the end {os.getloadavg()[0]:.1f}."
    text = "\n\n".join([setting, _readings(readings), _costs(costs)])
    print(f"\n{text}")
    if write and not small:
        put(README, "feed", text)


def _readings(readings: Sequence[Reading]) -> str:
    head = ("", "entries", "received", "MB", "seconds", "entries/s")
    return table(head, [_reading(reading) for reading in readings])


def _reading(reading: Reading) -> tuple[str, ...]:
    return (
        reading.name,
        f"{reading.entries:,}",
        f"{reading.received:,}",
        f"{reading.megabytes:,.0f}",
        f"{reading.seconds:,.1f}",
        f"{reading.entries / reading.seconds:,.0f}",
    )


def _costs(costs: Sequence[Cost]) -> str:
    head = (
        *("subscriptions", "that a write matches", "a write alone, ms: p50", "p99"),
        *("beside a worker, ms: p50", "p99", "worker, of a core", "PostgreSQL, of a core"),
    )
    return table(head, [_cost(cost) for cost in costs])


def _cost(cost: Cost) -> tuple[str, ...]:
    times = (f"{time:.2f}" for time in (*cost.alone, *cost.beside))
    return f"{cost.subscriptions:,}", str(cost.matches), *times, f"{cost.worker:.0%}", f"{cost.database:.0%}"


if __name__ == "__main__":
    main()
