"""Imports of trackers: by the command, over HTTP, a second time, and beside the alternatives."""

import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks import servers
from benchmarks.bulk.figures import Cost, Figure, measured_cost
from benchmarks.bulk.rows import article_row, tracker_row, write_file
from benchmarks.databases import make_key, temporary_database
from benchmarks.usage import sampled_memory
from service.db.embedded_postgres import Server

#: Tables with rows of an event, in an order that satisfies foreign keys.
_TABLES = (
    "event",
    "event_revision",
    "event_external_id",
    "event_source",
    "event_relation",
    "event_agenda",
    "event_search",
    "outbox",
    "import_mark",
)

#: Events that are posted one by one: enough to know the time of one.
_POSTED = 2_000


@dataclass(frozen=True)
class Sizes:
    """Events of a tracker's size, of the article's size, and of a tracker's size for exports with flat memory."""

    tracker: int
    article: int
    many: int


def measure(on: Server, directory: Path, sizes: Sizes) -> Iterator[Figure]:
    """Import events in several ways."""
    rows, articles = directory / "tracker.ndjson", directory / "article.ndjson"
    write_file(rows, tracker_row, sizes.tracker)
    write_file(articles, article_row, sizes.article)
    with temporary_database(on) as url:
        first = _import(on, url, rows, sizes.tracker)
        yield first.figure("tracker rows, `policytrail import`", sizes.tracker, "≥ 3,000, memory < base + 300 MB")
        again = _import(on, url, rows, sizes.tracker)
        times = first.seconds / again.seconds
        yield again.figure("the same file again, unchanged", sizes.tracker, f"≥ 3 times as fast: {times:,.1f}")
        copies = _copy_out(url, directory)
    with temporary_database(on) as url:
        yield _copy_in(on, url, copies).figure("`COPY` of the same rows, one connection", sizes.tracker)
    with temporary_database(on) as url:
        yield _import_by_http(on, url, rows).figure("tracker rows, `POST /v1/imports`", sizes.tracker)
    with temporary_database(on) as url:
        one_by_one = min(_POSTED, sizes.tracker)
        yield _post(on, url, rows, one_by_one).figure("tracker rows, `POST /v1/events` one by one", one_by_one)
    with temporary_database(on) as url:
        cost = _import(on, url, articles, sizes.article)
        yield cost.figure("events of the article's size, `policytrail import`", sizes.article, "≥ 400")


def import_by_mapping(on: Server, file: Path, mapping: Path, errors: Path) -> tuple[Cost, int]:
    """Return the cost of a real tracker and the number of its events; refused rows are in `errors`."""
    with temporary_database(on) as url:
        cost, _ = _run(on, url, [str(file), "--mapping", str(mapping), "--errors", str(errors)])
        with psycopg.connect(url) as conn:
            [[events]] = conn.execute("SELECT count(*) FROM event").fetchall()
    return cost, events


def _import(on: Server, url: str, file: Path, rows: int) -> Cost:
    """Return the cost of `policytrail import`, after which every event has a search row."""
    cost, output = _run(on, url, [str(file)])
    if " 0 refused. done." not in output:
        raise AssertionError(output)
    with psycopg.connect(url) as conn:
        counts = conn.execute("SELECT count(*), count(tsv) FROM event LEFT JOIN event_search ON event_id = id")
        if (pair := counts.fetchone()) != (rows, rows):
            raise AssertionError(f"{rows:,} rows became {pair} events and search rows.")
        conn.execute("CHECKPOINT")
    return cost


def _run(on: Server, url: str, arguments: Sequence[str]) -> tuple[Cost, str]:
    with measured_cost(on, _children_seconds) as cost:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "policytrail", "import", *arguments],
            env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with sampled_memory(process.pid) as cost.memory:
            output, errors = process.communicate()
    return cost, output + errors


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _copy_out(url: str, directory: Path) -> dict[str, Path]:
    """Return files with the rows of each table, in the binary format of COPY."""
    files = {name: directory / f"{name}.copy" for name in _TABLES}
    with psycopg.connect(url) as conn:
        for name, file in files.items():
            query = SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(name))
            with file.open("wb") as out, conn.cursor().copy(query) as copy:
                for piece in copy:
                    out.write(piece)
    return files


def _copy_in(on: Server, url: str, files: dict[str, Path]) -> Cost:
    """Return the cost of the same rows with the same indexes, without their making."""
    with measured_cost(on, _children_seconds) as cost, psycopg.connect(url) as conn:
        for name, file in files.items():
            query = SQL("COPY {} FROM STDIN (FORMAT binary)").format(Identifier(name))
            with file.open("rb") as rows, conn.cursor().copy(query) as copy:
                while piece := rows.read(1_000_000):
                    copy.write(piece)
    return cost


def _import_by_http(on: Server, url: str, file: Path) -> Cost:
    headers = {"Authorization": f"Bearer {make_key(url)}", "Content-Type": "application/x-ndjson"}
    with servers.service(url) as address, measured_cost(on, _children_seconds) as cost:
        with closing(HTTPConnection(urlsplit(address).netloc, timeout=600)) as connection, file.open("rb") as body:
            connection.request("POST", "/v1/imports", body, headers)
            last = connection.getresponse().read().splitlines()[-1]
        if b'"refused":0' not in last or b'"state":"done"' not in last:
            raise AssertionError(last)
    cost.cpu = None
    return cost


def _post(on: Server, url: str, file: Path, events: int) -> Cost:
    """Return the cost of one POST for each row, over one connection."""
    headers = {"Authorization": f"Bearer {make_key(url)}", "Content-Type": "application/json"}
    with (
        servers.service(url) as address,
        file.open("rb") as rows,
        measured_cost(on, _children_seconds) as cost,
        closing(HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection,
    ):
        for row in islice(rows, events):
            connection.request("POST", "/v1/events", row, headers)
            response = connection.getresponse()
            body = response.read()
            if response.status != 201:  # noqa: PLR2004 (Created)
                raise AssertionError(body)
    cost.cpu = None
    return cost
