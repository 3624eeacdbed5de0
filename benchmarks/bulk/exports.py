"""Exports of trackers: in every format over HTTP, by the command, and beside the COPY that is the limit."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg

from benchmarks import servers
from benchmarks.bulk.figures import Cost, Figure, measured_cost
from benchmarks.bulk.rows import tracker_row, write_file
from benchmarks.databases import temporary_database
from benchmarks.usage import cpu_seconds, sampled_memory
from service.db.embedded_postgres import Server

_COMMAND = Path(sys.executable).parent / "policytrail"

#: Requests after which each process has answered one in all likelihood.
_WARM_UP = 8

#: Bytes that a reader takes at once.
_PIECE = 1 << 20


@dataclass(frozen=True)
class Export:
    """A request over HTTP, and the rate that is wanted."""

    name: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    wanted: str = ""

    @property
    def has_lines(self) -> bool:
        """Whether the response has a line for each event, so that lines can be counted."""
        return ".ndjson" in self.path and not self.headers


_NDJSON = Export("NDJSON", "/v1/events.ndjson", wanted="≥ 20,000, first byte < 200 ms")
_CSV = Export("CSV", "/v1/events.csv")
_EXPORTS = (
    _NDJSON,
    Export("NDJSON, gzipped", "/v1/events.ndjson", {"Accept-Encoding": "gzip"}),
    Export("NDJSON, two fields", "/v1/events.ndjson?fields=title,status"),
    Export("NDJSON by date", "/v1/events.ndjson?sort=-date"),
    _CSV,
    Export("Parquet", "/v1/events.parquet"),
)
#: Exports of very many events, for their memory.
_LARGE = (replace(_NDJSON, name="NDJSON, very many"), replace(_CSV, name="CSV, very many"))


def measure(on: Server, directory: Path, rows: int, many: int) -> Iterator[Figure]:
    """Export `rows` events of a tracker's size in several ways, and `many` for their memory."""
    file = directory / "tracker.ndjson"
    if not file.exists():
        write_file(file, tracker_row, rows)
    with temporary_database(on) as url:
        _import(url, file)
        yield _copy(on, url).figure("`COPY` of the documents, one connection", rows)
        cost = _export_by_command(on, url, directory / "exported.ndjson", rows)
        yield cost.figure("NDJSON, `policytrail export` to a file", rows, "≥ 20,000")
        with servers.service(url) as address:
            for export in _EXPORTS:
                yield _export_by_http(on, address, export, rows)
        _multiply(url, many)
        with servers.service(url) as address:
            for export in _LARGE:
                yield _export_by_http(on, address, export, many)


def _import(url: str, file: Path) -> None:
    subprocess.run([_COMMAND, "import", file], env=_environment(url), check=True, capture_output=True)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE)")


def _environment(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "PATH": "/usr/bin:/bin"}


def _multiply(url: str, many: int) -> None:
    """Copy the events under new ids until there are `many`: exports read the table of events alone."""
    with psycopg.connect(url, autocommit=True) as conn:
        [[names]] = conn.execute(
            """
            SELECT string_agg(quote_ident(attname), ', ')
              FROM pg_attribute
             WHERE attrelid = 'event'::regclass AND attnum > 0 AND attname <> 'id' AND NOT attisdropped
            """
        ).fetchall()
        [[events]] = conn.execute("SELECT count(*) FROM event").fetchall()
        conn.execute(
            f"""
            INSERT INTO event (id, {names})
            SELECT uuidv7(), {names} FROM event CROSS JOIN generate_series(2, %s) LIMIT %s
            """,  # noqa: S608 (the table's own columns)
            (many // events + 1, many - events),
        )
        conn.execute("VACUUM (ANALYZE) event")


def _copy(on: Server, url: str) -> Cost:
    """Return the cost of the documents alone, which nobody parses or renders."""
    with _measured_cost(on) as cost, psycopg.connect(url) as conn:
        query = "COPY (SELECT document FROM event WHERE record_state = 'active' ORDER BY id) TO STDOUT (FORMAT binary)"
        with conn.cursor().copy(query) as copy:
            for _ in copy:
                pass
    return cost


def _export_by_command(on: Server, url: str, file: Path, rows: int) -> Cost:
    with _measured_cost(on) as cost:
        subprocess.run([_COMMAND, "export", "--output", file], env=_environment(url), check=True, capture_output=True)
    with file.open("rb") as lines:
        _require_lines(rows, sum(1 for _ in lines))
    return cost


def _export_by_http(on: Server, address: str, export: Export, rows: int) -> Figure:
    """Return the cost of one request, with the time of its first byte in its name."""
    lines, separator = 0, "&" if "?" in export.path else "?"
    for _ in range(_WARM_UP):
        with urlopen(f"{address}{export.path}{separator}limit=1") as response:  # noqa: S310 (our own)
            response.read()
    with _measured_cost(on) as cost, closing(HTTPConnection(urlsplit(address).netloc, timeout=600)) as connection:
        began = time.perf_counter()
        connection.request("GET", export.path, headers=dict(export.headers))
        answer = connection.getresponse()
        piece = answer.read(1)
        first = time.perf_counter() - began
        while piece:
            lines += piece.count(b"\n")
            piece = answer.read(_PIECE)
    if export.has_lines:
        _require_lines(rows, lines)
    name = f"{export.name}, `GET /v1/events`, first byte after {first * 1000:.0f} ms"
    return cost.figure(name, rows, export.wanted)


def _require_lines(events: int, lines: int) -> None:
    if lines != events:
        raise AssertionError(f"{events:,} events were exported as {lines:,} lines.")


@contextmanager
def _measured_cost(on: Server) -> Iterator[Cost]:
    """Measure this process with all that it started, and PostgreSQL, until the block ends."""
    with measured_cost(on, partial(cpu_seconds, os.getpid())) as cost, sampled_memory(os.getpid()) as cost.memory:
        yield cost
