"""`make bench-search`: how good the order is, how long searches take and how that grows, what it costs to write."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import click
import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.report import setting
from benchmarks.search import databases, relevance, report, speed, walk, writes
from service.db.embedded_postgres import Server

PARTS = ("relevance", "growth", "speed", "writes", "walk")

#: Events in the databases on which writes are measured, and which are walked through.
WRITTEN, WALKED = 100_000, 50_000


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Only this part; may be given several times.")
@click.option("--events", default=1_000_000, type=click.IntRange(min=10_000), help="Events that are searched at most.")
@click.option(
    "--cranfield",
    type=click.Path(path_type=Path),
    help="Folder with corpus.jsonl, queries.jsonl and qrels.tsv of the Cranfield collection.",
)
@click.option(
    "--data",
    default=Path(".policytrail/search"),
    type=click.Path(path_type=Path),
    help="Where the generated databases are kept for the next run; a million events take 6 GB.",
)
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/search/README.md.")
def main(only: tuple[str, ...], events: int, cranfield: Path | None, data: Path, *, write: bool) -> None:
    """Measure finding. Each option may be set as BENCH_…. What was loaded is there for the next run."""
    # An end that is asked for unwinds: whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with databases.server(data) as server:
        for part in PARTS:
            if not only or part in only:
                print(f"\n{part}", flush=True)
                told = _MEASURE[part](server, events, cranfield)
                if told is None:
                    continue
                told = f"{setting(server.dsn(), 'one client', {'request at a time': 1})}\n\n{told}"
                print(f"\n{told}", flush=True)
                if write:
                    report.write(part, told)


def _relevance(server: Server, _: int, cranfield: Path | None) -> str | None:
    if cranfield is None or not (cranfield / "corpus.jsonl").exists():
        print(
            f"Skipped: {cranfield or 'no folder'} holds no Cranfield collection. Name one that has corpus.jsonl,"
            " queries.jsonl and qrels.tsv by --cranfield or BENCH_CRANFIELD."
        )
        return None
    return report.relevance(relevance.compare(server, relevance.read(cranfield)))


def _growth(server: Server, events: int, _: Path | None) -> str:
    sizes = sorted({size for size in (10_000, 100_000, 1_000_000) if size < events} | {events})
    return report.growth([speed.run(databases.generated(server, size), size, whole=False) for size in sizes])


def _speed(server: Server, events: int, _: Path | None) -> str:
    return report.speed(speed.run(databases.generated(server, events), events))


def _writes(server: Server, *_: object) -> str:
    url = _copy(server, WRITTEN, "writes")
    return report.writes(writes.run(url, databases.make_key(url)))


def _walk(server: Server, *_: object) -> str:
    url = _copy(server, WALKED, "walk")
    return report.walks(walk.run(url, databases.make_key(url)))


_MEASURE: dict[str, Callable[[Server, int, Path | None], str | None]] = {
    "relevance": _relevance,
    "growth": _growth,
    "speed": _speed,
    "writes": _writes,
    "walk": _walk,
}


def _copy(server: Server, events: int, name: str) -> str:
    """The URL of a copy of a generated database, which may be written to."""
    databases.generated(server, events)
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        conn.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(f"events_{events}")))
    return server.dsn(name)


if __name__ == "__main__":
    main()
