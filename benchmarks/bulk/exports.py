"""Trackers out: in every form over HTTP, by the command, and beside the COPY that is the limit."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg

from benchmarks import servers
from benchmarks.bulk.figures import Figure
from benchmarks.bulk.rows import tracker_row, write_file
from benchmarks.databases import empty_database
from benchmarks.usage import seconds_of, watching
from service.db.embedded_postgres import Server

_COMMAND = Path(sys.executable).parent / "policytrail"

#: Requests after which each process has answered one in all likelihood.
_WARMING = 8

#: Bytes that a reader takes at once.
_PIECE = 1 << 20


@dataclass(frozen=True)
class Asked:
    """What is asked for over HTTP, and what it is to reach."""

    name: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    wanted: str = ""

    @property
    def holds_lines(self) -> bool:
        """Whether the answer has a line for each event, which can be counted as they come."""
        return ".ndjson" in self.path and not self.headers


_NDJSON = Asked("NDJSON", "/v1/events.ndjson", wanted="≥ 20,000, first byte < 200 ms")
_CSV = Asked("CSV", "/v1/events.csv")
_ASKED = (
    _NDJSON,
    Asked("NDJSON, gzipped", "/v1/events.ndjson", {"Accept-Encoding": "gzip"}),
    Asked("NDJSON, two fields", "/v1/events.ndjson?fields=title,status"),
    Asked("NDJSON by date", "/v1/events.ndjson?sort=-date"),
    _CSV,
    Asked("Parquet", "/v1/events.parquet"),
)
#: Those of which the memory is looked at.
_MANY = (replace(_NDJSON, name="NDJSON, very many"), replace(_CSV, name="CSV, very many"))


def measure(on: Server, directory: Path, rows: int, many: int) -> Iterator[Figure]:
    """Export `rows` events of a tracker's size in several ways, and `many` for their memory."""
    file = directory / "tracker.ndjson"
    if not file.exists():
        write_file(file, tracker_row, rows)
    with empty_database(on) as url:
        _import(url, file)
        yield _copied(on, url, rows)
        yield _commanded(on, url, directory / "exported.ndjson", rows)
        with servers.service(url) as address:
            for asked in _ASKED:
                yield _read(on, address, asked, rows)
        _multiply(url, many)
        with servers.service(url) as address:
            for asked in _MANY:
                yield _read(on, address, asked, many)


def _import(url: str, file: Path) -> None:
    subprocess.run([_COMMAND, "import", file], env=_environment(url), check=True, capture_output=True)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE)")


def _environment(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "PATH": "/usr/bin:/bin"}


def _multiply(url: str, many: int) -> None:
    """Copy the events under new ids until there are `many`: enough to be read, though nothing else holds them."""
    with psycopg.connect(url, autocommit=True) as conn:
        [names] = conn.execute(
            """
            SELECT string_agg(quote_ident(attname), ', ')
              FROM pg_attribute
             WHERE attrelid = 'event'::regclass AND attnum > 0 AND attname <> 'id' AND NOT attisdropped
            """
        ).fetchall()
        [[there]] = conn.execute("SELECT count(*) FROM event").fetchall()
        conn.execute(
            f"""
            INSERT INTO event (id, {names[0]})
            SELECT uuidv7(), {names[0]} FROM event CROSS JOIN generate_series(2, %s) LIMIT %s
            """,  # noqa: S608 (the table's own columns)
            (many // there + 1, many - there),
        )
        conn.execute("VACUUM (ANALYZE) event")


def _copied(on: Server, url: str, rows: int) -> Figure:
    """What PostgreSQL takes to hand the documents over, if nobody makes anything of them."""
    with _spending(on, "`COPY` of the documents, one connection", rows, "") as told, psycopg.connect(url) as conn:
        query = "COPY (SELECT document FROM event WHERE record_state = 'active' ORDER BY id) TO STDOUT (FORMAT binary)"
        with conn.cursor().copy(query) as copy:
            for _ in copy:
                pass
    return told[0]


def _commanded(on: Server, url: str, file: Path, rows: int) -> Figure:
    with _spending(on, "NDJSON, `policytrail export` to a file", rows, "≥ 20,000") as told:
        subprocess.run([_COMMAND, "export", "--output", file], env=_environment(url), check=True, capture_output=True)
    with file.open("rb") as lines:
        _require(rows, sum(1 for _ in lines))
    return told[0]


def _read(on: Server, address: str, asked: Asked, rows: int) -> Figure:
    """What one request takes, and when its first byte is there, once the form was asked for."""
    lines, once = 0, "&" if "?" in asked.path else "?"
    for _ in range(_WARMING):
        with urlopen(f"{address}{asked.path}{once}limit=1") as warm:  # noqa: S310 (our own)
            warm.read()
    with _spending(on, f"{asked.name}, `GET /v1/events`", rows, asked.wanted) as told:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=600)
        began = time.perf_counter()
        connection.request("GET", asked.path, headers=dict(asked.headers))
        answer = connection.getresponse()
        piece = answer.read(1)
        first = time.perf_counter() - began
        while piece:
            lines += piece.count(b"\n")
            piece = answer.read(_PIECE)
    if asked.holds_lines:
        _require(rows, lines)
    return replace(told[0], name=f"{told[0].name}, first byte after {first * 1000:.0f} ms")


def _require(wanted: int, found: int) -> None:
    if found != wanted:
        raise AssertionError(f"{wanted:,} events were exported as {found:,} lines.")


@contextmanager
def _spending(on: Server, name: str, events: int, wanted: str) -> Iterator[list[Figure]]:
    """A list that holds, after the block, what it took: us and all that we started, and PostgreSQL."""
    told: list[Figure] = []
    ours, database, began = seconds_of(os.getpid()), seconds_of(on.pid), time.perf_counter()
    with watching(os.getpid()) as watched:
        yield told
    told.append(
        Figure(
            name=name,
            events=events,
            seconds=time.perf_counter() - began,
            wanted=wanted,
            cpu=seconds_of(os.getpid()) - ours,
            database_cpu=seconds_of(on.pid) - database,
            base=watched.base,
            most=watched.most,
        )
    )
