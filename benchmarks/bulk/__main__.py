"""`make bench-bulk`: whole trackers in and out, and what limits it."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.bulk import exports, imports, trackers
from benchmarks.bulk.figures import Figure, table
from benchmarks.bulk.imports import Sizes
from benchmarks.databases import server
from benchmarks.markdown import put
from benchmarks.report import machine
from service.db.embedded_postgres import Server

README = Path(__file__).parent / "README.md"


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--rows", default=100_000, type=click.IntRange(min=1_000), help="Events of a tracker's size.")
@click.option("--articles", default=5_000, type=click.IntRange(min=100), help="Events of the article's size.")
@click.option("--many", default=1_000_000, type=click.IntRange(min=1_000), help="Events among which memory stays flat.")
@click.option(
    "--trackers",
    "folder",
    envvar="BENCH_TRACKERS",
    default="../shared/data",
    type=click.Path(path_type=Path),
    help="Where the real trackers are, each in a folder of its name.",
)
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/bulk/README.md.")
def main(rows: int, articles: int, many: int, folder: Path, *, write: bool) -> None:
    """Measure imports and exports in turn, and print what came of it. Each option may be set as BENCH_…."""
    # An end that is asked for unwinds: whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="policytrail-bulk-") as name, server(Path(name)) as on:
        figures = []
        for figure in _measured(on, Path(name), Sizes(rows, articles, max(rows, many))):
            print(f"{figure.name:55}{figure.seconds:9,.1f} s{figure.rate:9,.0f}/s", flush=True)
            figures.append(figure)
        real = list(trackers.measure(on, folder, Path(name)))
    text = f"{_setting()}\n\n{table(figures)}\n\n{trackers.table(real)}"
    print(f"\n{text}")
    if write:
        put(README, "figures", text)


def _measured(on: Server, directory: Path, sizes: Sizes) -> Iterator[Figure]:
    yield from imports.measure(on, directory, sizes)
    yield from exports.measure(on, directory, sizes.tracker, sizes.many)


def _setting() -> str:
    busy = os.getloadavg()[2]
    return f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}; load of the last quarter of an hour {busy:.1f}."


if __name__ == "__main__":
    main()
