"""`make bench`: the service beside a peer and beside its limits, on the same rows."""

import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg

from benchmarks import agreement, limits, report, servers
from benchmarks.articles import body
from benchmarks.load import CREATE, EMPTY, JOBS, Load, find_tool
from benchmarks.rows import fill, forget_created
from service import store
from service.config import MIGRATIONS
from service.db import embedded_postgres
from service.db.migrations import migrate
from service.ids import digest, new_key, uuid7
from service.strict_json import render

#: Bodies that are sent in turn, each time with another external id and day: the same event again would be a duplicate.
BODIES = 200
#: Seconds of load before each measurement, at most as long as that.
WARM_UP = 2

#: Requests or transactions in a second, one a round, by who answered and by the job's key.
Rates = dict[tuple[str, str], list[float]]

SERVERS = {"service": servers.service, "peer": servers.peer}


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option(
    "--rows",
    "rows",
    envvar="BENCH_ROWS",
    default=20_000,
    type=click.IntRange(min=100),
    help="Events in the database.",
)
@click.option("--rounds", default=5, type=click.IntRange(1, 100), help="Rounds; service and peer take turns.")
@click.option("--seconds", default=5, type=click.IntRange(1, 600), help="Seconds of each measurement.")
@click.option("--write/--no-write", default=True, help="Whether to put the table into benchmarks/README.md.")
def main(rows: int, rounds: int, seconds: int, *, write: bool) -> None:
    """Load the service and a FastAPI peer in turn, and print how they compare. Each option may be set as BENCH_…."""
    # An end that is asked for unwinds: whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="policytrail-bench-") as name, _database(Path(name)) as url:
        load = Load(find_tool(), rows, _bodies(Path(name), rows), _key(url))
        fill(url, rows)
        _require_agreement(load, url, rows)
        rates: Rates = defaultdict(list)
        for number in range(1, rounds + 1):
            _measure_round(number, rates, load, url, seconds)
        sizes = {"events of the size of the article": rows, "rounds": rounds, "seconds a measurement": seconds}
        told = report.setting(url, load.name, sizes)
    text = f"{told}\n\n{report.table(_figures(rates))}"
    print(f"\n{text}")
    if write:
        report.write(text)


@contextmanager
def _database(directory: Path) -> Iterator[str]:
    """The URL of a migrated database with PostgreSQL as `make run` has it, until the block ends."""
    server = embedded_postgres.start(directory / "postgres", options=embedded_postgres.spacious())
    try:
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("CREATE DATABASE policytrail")
        with psycopg.connect(server.dsn("policytrail")) as conn:
            migrate(conn, MIGRATIONS)
        yield server.dsn("policytrail")
    finally:
        server.stop()


def _bodies(directory: Path, rows: int) -> Path:
    """A file of bodies to create events with, one a line; the places for external id and day are marked."""
    bodies = []
    for number in range(rows + 1, rows + 1 + BODIES):
        sent = body(number)
        sent["external_ids"][0]["value"] = "@external@"
        sent["dates"][0]["edtf"] = "@day@"
        bodies.append(render(sent))
    file = directory / "bodies"
    file.write_bytes(b"\n".join(bodies) + b"\n")
    return file


def _key(url: str) -> str:
    secret = new_key()
    with psycopg.connect(url) as conn:
        scopes = ["events:read", "events:write"]
        store.keys.insert_key(
            conn, id=uuid7(), name="benchmark", prefix=secret[:8], digest=digest(secret), scopes=scopes
        )
    return secret


def _require_agreement(load: Load, url: str, rows: int) -> None:
    found = {}
    for who, serve in SERVERS.items():
        sent = render(body(rows + 1)).decode()
        with serve(url) as address:
            found[who] = agreement.answers(address, url, sent, load.key)
        forget_created(url)
    agreement.require_agreement(found["service"], found["peer"])


def _measure_round(number: int, rates: Rates, load: Load, url: str, seconds: int) -> None:
    """Everything once. Who begins changes from round to round."""
    warm_up = min(WARM_UP, seconds)
    for who in sorted(SERVERS, reverse=number % 2 == 1):
        with SERVERS[who](url) as address:
            for job in JOBS:
                load.per_second(job, address, warm_up, run=f"{who}-{number}-warm-up")
                _note(rates, number, who, job.key, load.per_second(job, address, seconds, run=f"{who}-{number}"))
        forget_created(url)
    with servers.empty(url) as address:
        load.per_second(EMPTY, address, warm_up, run="")
        _note(rates, number, "empty", EMPTY.key, load.per_second(EMPTY, address, seconds, run=""))
    for job in JOBS:
        _note(rates, number, "pgbench", job.key, limits.transactions_per_second(job, url, seconds, load.rows))
        if job == CREATE:
            forget_created(url)


def _note(rates: Rates, number: int, who: str, key: str, rate: float) -> None:
    print(f"round {number}  {who:8}{key:8}{rate:10,.0f}/s", flush=True)
    rates[who, key].append(rate)


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
