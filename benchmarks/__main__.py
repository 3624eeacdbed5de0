"""`make bench`: the service beside a peer and beside its limits, on the same rows."""

import signal
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks import agreement, databases, limits, report, servers
from benchmarks.articles import body
from benchmarks.load import CREATE, EMPTY, JOBS, Job, Load, find_tool
from benchmarks.rows import delete_created, fill
from service.strict_json import render

#: Bodies that are sent in turn, each time with another external id and day: the same event again would be a duplicate.
BODIES = 200
#: Seconds of load before each measurement, at most as many as it takes itself.
WARM_UP = 2

#: Requests or transactions a second, one a round, by server and by the job's key.
Rates = dict[tuple[str, str], list[float]]

SERVERS = {"service": servers.service, "peer": servers.peer}


@dataclass(frozen=True)
class Sizes:
    """Events in the database, rounds in which service and peer take turns, and seconds of each measurement."""

    rows: int
    rounds: int
    seconds: int


#: Enough to run everything once.
SMALL = Sizes(rows=100, rounds=1, seconds=0)


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--rows", default=20_000, type=click.IntRange(min=100), help="Events in the database.")
@click.option("--rounds", default=5, type=click.IntRange(1, 100), help="Rounds; service and peer take turns.")
@click.option("--seconds", default=5, type=click.IntRange(1, 600), help="Seconds of each measurement.")
@click.option("--small", is_flag=True, help="Run everything once in seconds; write no table.")
@click.option("--write/--no-write", default=True, help="Whether to put the table into benchmarks/README.md.")
def main(rows: int, rounds: int, seconds: int, *, small: bool, write: bool) -> None:
    """Load the service and a FastAPI peer in turn, and compare them. Each option may be set as BENCH_…."""
    # SIGTERM unwinds, so that servers stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sizes = SMALL if small else Sizes(rows, rounds, seconds)
    with tempfile.TemporaryDirectory(prefix="policytrail-bench-") as name:
        directory = Path(name)
        with databases.server(directory / "postgres") as on, databases.temporary_database(on) as url:
            text = measure(url, directory, sizes)
    print(f"\n{text}")
    if write and not small:
        report.write(text)


def measure(url: str, directory: Path, sizes: Sizes) -> str:
    """Return the table of the service and its peer on the database at `url`, which has topics and no events."""
    load = Load(find_tool(), sizes.rows, _bodies(directory, sizes.rows), databases.make_key(url))
    fill(url, sizes.rows)
    _require_agreement(load, url, sizes.rows)
    rates: Rates = defaultdict(list)
    for number in range(1, sizes.rounds + 1):
        _measure_round(number, rates, load, url, sizes.seconds)
    amounts = {
        "events of the size of the article": sizes.rows,
        "rounds": sizes.rounds,
        "seconds a measurement": sizes.seconds,
    }
    return f"{report.setting(url, load.name, amounts)}\n\n{report.table(_figures(rates))}"


def _bodies(directory: Path, rows: int) -> Path:
    """Return a file of bodies to create events with, one a line, with placeholders for external id and day."""
    lines = []
    for number in range(rows + 1, rows + 1 + BODIES):
        event = body(number)
        event["external_ids"][0]["value"] = "@external@"
        event["dates"][0]["edtf"] = "@day@"
        lines.append(render(event))
    file = directory / "bodies"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def _require_agreement(load: Load, url: str, rows: int) -> None:
    answers = {}
    for name, serve in SERVERS.items():
        with serve(url) as address:
            answers[name] = agreement.answers(address, url, render(body(rows + 1)).decode(), load.key)
        delete_created(url)
    agreement.require_agreement(answers["service"], answers["peer"])


def _measure_round(number: int, rates: Rates, load: Load, url: str, seconds: int) -> None:
    """Measure everything once. The first server changes from round to round."""
    for name in sorted(SERVERS, reverse=number % 2 == 1):
        with SERVERS[name](url) as address:
            for job in JOBS:
                rate = _warm_rate(load, job, address, seconds, run=f"{name}-{number}")
                _note(rates, number, name, job.key, rate)
        delete_created(url)
    with servers.empty(url) as address:
        _note(rates, number, "empty", EMPTY.key, _warm_rate(load, EMPTY, address, seconds, run=""))
    for job in JOBS:
        _note(rates, number, "pgbench", job.key, limits.transactions_per_second(job, url, seconds, load.rows))
        if job == CREATE:
            delete_created(url)


def _warm_rate(load: Load, job: Job, address: str, seconds: int, run: str) -> float:
    """Return the rate after some seconds of the same load."""
    if warm_up := min(WARM_UP, seconds):
        load.per_second(job, address, warm_up, run=f"{run}-warm-up")
    return load.per_second(job, address, seconds, run=run)


def _note(rates: Rates, number: int, name: str, key: str, rate: float) -> None:
    print(f"round {number}  {name:8}{key:8}{rate:10,.0f}/s", flush=True)
    rates[name, key].append(rate)


def _figures(rates: Rates) -> list[report.Figures]:
    return [
        report.Figures(
            job,
            service=rates["service", job.key],
            peer=rates["peer", job.key],
            pgbench=rates["pgbench", job.key],
            empty=rates["empty", EMPTY.key],
        )
        for job in JOBS
    ]


if __name__ == "__main__":
    main()
