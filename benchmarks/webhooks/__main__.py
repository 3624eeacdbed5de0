"""`make bench-webhooks`: deliveries in a second, their cost, and how long a write takes to arrive."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.databases import server
from benchmarks.markdown import put, table
from benchmarks.report import machine
from benchmarks.webhooks import latency, throughput
from benchmarks.webhooks.latency import Latency, Load
from benchmarks.webhooks.throughput import Throughput
from service.db.embedded_postgres import Server

README = Path(__file__).parent / "README.md"

#: Fifty subscriptions, each write of concern to five of them; then a hundred, each write of concern to a quarter, alone
#: with receivers that hang, and with one to which much is due.
COMMIT = Load("200 writes/s, 50 subscriptions", writes=200, subscriptions=50, concerned=5)
ALONE = Load("100 receivers", writes=20, subscriptions=100, concerned=25)
ONE_DEAD = Load("one of 100 hangs", writes=20, subscriptions=100, concerned=25, hanging=1)
HALF_DEAD = Load("50 of 100 hang", writes=20, subscriptions=100, concerned=25, hanging=50)
BEHIND = Load("one of 100 has a backlog of 100,000", writes=20, subscriptions=100, concerned=25, backlog=100_000)


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--deliveries", default=100_000, type=click.IntRange(min=5_000), help="Deliveries of a backlog.")
@click.option("--seconds", default=15, type=click.IntRange(2, 600), help="Seconds of each other measurement.")
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/webhooks/README.md.")
def main(deliveries: int, seconds: int, *, write: bool) -> None:
    """Measure webhooks, and print what came of it. Each option may be set as BENCH_…."""
    # An end that is asked for unwinds: whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="policytrail-following-") as name, server(Path(name)) as on:
        rates = list(throughput.measure(on, Path(name), deliveries=deliveries, seconds=seconds / 3))
        times = list(_times(on, Path(name), seconds))
    text = "\n\n".join([_setting(), _rates(rates), _latencies(times)])
    print(f"\n{text}")
    if write:
        put(README, "webhooks", text)


def _times(on: Server, directory: Path, seconds: float) -> Iterator[Latency]:
    yield latency.measure(on, directory, COMMIT, seconds=seconds)
    for load in (ALONE, ONE_DEAD, HALF_DEAD, BEHIND):
        # The same fifty receivers each time, none of which hangs.
        yield latency.measure(on, directory, load, seconds=seconds, counted=range(50, 100))


def _setting() -> str:
    busy = os.getloadavg()[0]
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}, with one worker, PostgreSQL and the receivers on the"
        f" same cores; bodies of 3 kB. Load of the last minute at the end: {busy:.1f}."
    )


def _rates(rates: list[Throughput]) -> str:
    return table(
        (
            "",
            "deliveries/s",
            "sender alone, /s",
            "share",
            "worker, µs each",
            "PostgreSQL, µs each",
            "sender alone, µs each",
        ),
        [
            (
                *(one.name, f"{one.rate:,.0f}", f"{one.limit:,.0f}", f"{one.rate / one.limit:.0%}"),
                *(f"{cpu:,.0f}" for cpu in (one.cpu, one.database_cpu, one.limit_cpu)),
            )
            for one in rates
        ],
    )


def _latencies(times: list[Latency]) -> str:
    return table(
        ("", "writes/s", "arrived", "of those due", "p50, ms", "p99, ms"),
        [
            (
                one.load.name,
                f"{one.written:,.0f}",
                f"{one.arrived:,}",
                f"{one.share:.1%}",
                f"{one.p50:,.0f}",
                f"{one.p99:,.0f}",
            )
            for one in times
        ],
    )


if __name__ == "__main__":
    main()
