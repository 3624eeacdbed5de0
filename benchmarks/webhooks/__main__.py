"""`make bench-webhooks`: deliveries a second, their cost, and the time from a write to its arrival."""

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import databases
from benchmarks.markdown import put, table
from benchmarks.report import machine
from benchmarks.webhooks import latency, throughput
from benchmarks.webhooks.latency import Latency, Load
from benchmarks.webhooks.throughput import Throughput

README = Path(__file__).parent / "README.md"

#: The same fifty receivers count from the second load on, none of which hangs.
LOADS = (
    Load("200 writes/s, 50 subscriptions", writes=200, subscriptions=50, matches=5),
    Load("100 receivers", writes=20, subscriptions=100, matches=25, counted_from=50),
    Load("one of 100 hangs", writes=20, subscriptions=100, matches=25, hanging=1, counted_from=50),
    Load("50 of 100 hang", writes=20, subscriptions=100, matches=25, hanging=50, counted_from=50),
    Load(
        "one of 100 has a backlog of 100,000",
        writes=20,
        subscriptions=100,
        matches=25,
        backlog=100_000,
        counted_from=50,
    ),
)


@dataclass(frozen=True)
class Sizes:
    """Deliveries of a backlog, loads, and seconds of each other measurement and before it."""

    deliveries: int
    loads: Sequence[Load]
    seconds: float
    warm_up: float


#: Enough to run everything once.
SMALL = Sizes(
    deliveries=100,
    loads=(Load("all at once", writes=50, subscriptions=6, matches=3, hanging=1, backlog=20, counted_from=2),),
    seconds=0.2,
    warm_up=0.0,
)


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--deliveries", default=100_000, type=click.IntRange(min=5_000), help="Deliveries of a backlog.")
@click.option("--seconds", default=15, type=click.IntRange(2, 600), help="Seconds of each other measurement.")
@click.option("--small", is_flag=True, help="Run everything once in seconds; write no tables.")
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/webhooks/README.md.")
def main(deliveries: int, seconds: int, *, small: bool, write: bool) -> None:
    """Measure webhooks. Each option may be set as BENCH_…."""
    # SIGTERM unwinds, so that servers stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sizes = SMALL if small else Sizes(deliveries, LOADS, seconds, warm_up=4.0)
    with tempfile.TemporaryDirectory(prefix="policytrail-webhooks-") as name:
        directory = Path(name)
        with databases.server(directory / "postgres") as on:
            rates = list(throughput.measure(on, directory, deliveries=sizes.deliveries, seconds=sizes.seconds / 3))
            times = [
                latency.measure(on, directory, load, seconds=sizes.seconds, warm_up=sizes.warm_up)
                for load in sizes.loads
            ]
    text = "\n\n".join([_setting(), _rates(rates), _latencies(times)])
    print(f"\n{text}")
    if write and not small:
        put(README, "webhooks", text)


def _setting() -> str:
    busy = os.getloadavg()[0]
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}, with one worker, PostgreSQL and the receivers on the"
        f" same cores; bodies of 3 kB. Load of the last minute at the end: {busy:.1f}."
    )


def _rates(rates: Sequence[Throughput]) -> str:
    headings = (
        *("", "deliveries/s", "sender alone, /s", "share"),
        *("worker, µs each", "PostgreSQL, µs each", "sender alone, µs each"),
    )
    rows = [
        (
            *(rate.name, f"{rate.rate:,.0f}", f"{rate.limit:,.0f}", f"{rate.rate / rate.limit:.0%}"),
            *(f"{cpu:,.0f}" for cpu in (rate.cpu, rate.database_cpu, rate.limit_cpu)),
        )
        for rate in rates
    ]
    return table(headings, rows)


def _latencies(times: Sequence[Latency]) -> str:
    rows = [
        (one.load.name, f"{one.written:,.0f}", f"{one.arrived:,}", f"{one.p50:,.0f}", f"{one.p99:,.0f}")
        for one in times
    ]
    return table(("", "writes/s", "arrived", "p50, ms", "p99, ms"), rows)


if __name__ == "__main__":
    main()
