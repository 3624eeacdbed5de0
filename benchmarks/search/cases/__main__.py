"""`python -m benchmarks.search.cases`: the share of queries that get the wanted answer, by kind, and the others."""

import signal
import sys
from pathlib import Path

import click

from benchmarks import databases
from benchmarks.search.cases import measure, report
from benchmarks.search.cases.queries import read_kinds
from benchmarks.search.cases.trackers import FOLDER, tracker_database


@click.command(context_settings={"show_default": True})
@click.option("--kind", "names", type=click.Choice([kind.name for kind in read_kinds()]), multiple=True)
@click.option("--titles", "step", default=0, help="Search for each so-many-th title too: 1 for all, 0 for none.")
@click.option("--trackers", envvar="POLICYTRAIL_TRACKERS", default=FOLDER, type=click.Path(path_type=Path))
@click.option(
    "--data",
    default=Path(".policytrail/search"),
    type=click.Path(path_type=Path),
    help="Folder of the database, which is kept for the next run.",
)
def main(names: tuple[str, ...], step: int, trackers: Path, data: Path) -> None:
    """Search the trackers, and print the queries that do not get the wanted answer."""
    # SIGTERM unwinds, so that servers stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with databases.server(data) as on:
        answers = measure.run(tracker_database(on, trackers), names=names, step=step)
    print(*report.faults(answers.kinds), "", report.answers(answers), sep="\n")


if __name__ == "__main__":
    main()
