"""`make bench-feed`: how fast the change feed is read, and what it costs those who write."""

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.databases import server
from benchmarks.feed import pages, writers
from benchmarks.feed.pages import Pages
from benchmarks.feed.writers import Cost
from benchmarks.markdown import put, table
from benchmarks.report import machine

README = Path(__file__).parent / "README.md"


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--entries", default=1_000_000, type=click.IntRange(10_000), help="Entries of the feed that is read.")
@click.option("--seconds", default=15, type=click.IntRange(2, 600), help="Seconds of each measurement of writers.")
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/feed/README.md.")
def main(entries: int, seconds: int, *, write: bool) -> None:
    """Measure the feed, and print what came of it. Each option may be set as BENCH_…."""
    # An end that is asked for unwinds: whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="policytrail-feed-") as name, server(Path(name)) as on:
        read = list(pages.measure(on, entries))
        cost = list(writers.measure(on, Path(name), seconds=seconds))
    setting = f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}; load at the end {os.getloadavg()[0]:.1f}."
    text = "\n\n".join([setting, _pages(read), _cost(cost)])
    print(f"\n{text}")
    if write:
        put(README, "feed", text)


def _pages(read: Sequence[Pages]) -> str:
    head = ("", "entries", "told", "MB", "seconds", "entries/s")
    return table(head, [_page(one) for one in read])


def _page(one: Pages) -> tuple[str, ...]:
    size, took, rate = f"{one.megabytes:,.0f}", f"{one.seconds:,.1f}", f"{one.entries / one.seconds:,.0f}"
    return one.name, f"{one.entries:,}", f"{one.told:,}", size, took, rate


def _cost(cost: Sequence[Cost]) -> str:
    head = (
        *("subscriptions", "told of each write", "a write alone, ms: p50", "p99"),
        *("beside a worker, ms: p50", "p99", "worker, of a core", "PostgreSQL, of a core"),
    )
    return table(head, [_load(one) for one in cost])


def _load(one: Cost) -> tuple[str, ...]:
    times = (f"{time:.2f}" for time in (*one.alone, *one.beside))
    return f"{one.subscriptions:,}", str(one.concerned), *times, f"{one.worker:.0%}", f"{one.database:.0%}"


if __name__ == "__main__":
    main()
