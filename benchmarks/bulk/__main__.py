"""`make bench-bulk`: imports and exports of whole trackers, beside their limits."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import databases
from benchmarks.bulk import exports, imports, trackers
from benchmarks.bulk.figures import Figure, table
from benchmarks.bulk.imports import Sizes
from benchmarks.markdown import put
from benchmarks.report import machine
from service.db.embedded_postgres import Server

README = Path(__file__).parent / "README.md"

#: Enough to run everything once.
SMALL = Sizes(tracker=40, article=10, many=60)


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--rows", default=100_000, type=click.IntRange(min=1_000), help="Events of a tracker's size.")
@click.option("--articles", default=5_000, type=click.IntRange(min=100), help="Events of the article's size.")
@click.option("--many", default=1_000_000, type=click.IntRange(min=1_000), help="Events in exports with flat memory.")
@click.option(
    "--trackers",
    "folder",
    envvar="BENCH_TRACKERS",
    default="../shared/data",
    type=click.Path(path_type=Path),
    help="Folder of the real trackers, each in a folder of its name.",
)
@click.option("--small", is_flag=True, help="Run everything once in seconds; write no tables.")
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/bulk/README.md.")
def main(rows: int, articles: int, many: int, folder: Path, *, small: bool, write: bool) -> None:
    """Measure imports and exports in turn. Each option may be set as BENCH_…."""
    # SIGTERM unwinds, so that servers stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sizes = SMALL if small else Sizes(rows, articles, max(rows, many))
    with tempfile.TemporaryDirectory(prefix="policytrail-bulk-") as name:
        directory = Path(name)
        with databases.server(directory / "postgres") as on:
            figures = []
            for figure in _figures(on, directory, sizes):
                print(f"{figure.name:60}{figure.cost.seconds:9,.1f} s{figure.rate:9,.0f}/s", flush=True)
                figures.append(figure)
            lines = list(trackers.measure(on, folder, directory))
    text = f"{_setting()}\n\n{table(figures)}\n\n{trackers.table(lines)}"
    print(f"\n{text}")
    if write and not small:
        put(README, "figures", text)


def _figures(on: Server, directory: Path, sizes: Sizes) -> Iterator[Figure]:
    yield from imports.measure(on, directory, sizes)
    yield from exports.measure(on, directory, sizes.tracker, sizes.many)


def _setting() -> str:
    busy = os.getloadavg()[2]
    return f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}; load of the last quarter of an hour {busy:.1f}."


if __name__ == "__main__":
    main()
