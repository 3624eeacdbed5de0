"""Trackers in: by the command, over HTTP, again, and beside what else could be done."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks import servers
from benchmarks.bulk.figures import Figure
from benchmarks.bulk.rows import article_row, tracker_row, write_file
from benchmarks.databases import empty_database
from benchmarks.usage import Watched, seconds_of, watching
from service import store
from service.db.embedded_postgres import Server
from service.ids import digest, new_key, uuid7

#: What an event is written to, in an order in which foreign keys are kept.
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

#: Events that are posted one by one: enough to know how long one takes.
_POSTED = 2_000


@dataclass(frozen=True)
class Sizes:
    """How many events of each size, and how many of a tracker's among which memory is to stay flat."""

    tracker: int
    article: int
    many: int


@dataclass
class Spent:
    """What something took."""

    seconds: float = 0.0
    #: None where our processes go on after it.
    cpu: float | None = 0.0
    database_cpu: float = 0.0
    watched: Watched = field(default_factory=Watched)

    def figure(self, name: str, events: int, wanted: str = "") -> Figure:
        """It, as a line of the table."""
        return Figure(
            name=name,
            events=events,
            seconds=self.seconds,
            wanted=wanted,
            cpu=self.cpu,
            database_cpu=self.database_cpu,
            base=self.watched.base,
            most=self.watched.most,
        )


def measure(on: Server, directory: Path, sizes: Sizes) -> Iterator[Figure]:
    """Import what `sizes` say in several ways."""
    rows, articles = directory / "tracker.ndjson", directory / "article.ndjson"
    write_file(rows, tracker_row, sizes.tracker)
    write_file(articles, article_row, sizes.article)
    with empty_database(on) as url:
        first = _imported(on, url, rows, sizes.tracker)
        yield first.figure("tracker rows, `policytrail import`", sizes.tracker, "≥ 3,000, memory < base + 300 MB")
        again = _imported(on, url, rows, sizes.tracker)
        times = first.seconds / again.seconds
        yield again.figure("the same file again, unchanged", sizes.tracker, f"≥ 3 times as fast: {times:,.1f}")
        copies = _copied_out(url, directory)
    with empty_database(on) as url:
        yield _copied_in(on, url, copies).figure("`COPY` of the same rows, one connection", sizes.tracker)
    with empty_database(on) as url:
        yield _sent(on, url, rows).figure("tracker rows, `POST /v1/imports`", sizes.tracker)
    with empty_database(on) as url:
        one_by_one = min(_POSTED, sizes.tracker)
        yield _posted(on, url, rows, one_by_one).figure("tracker rows, `POST /v1/events` one by one", one_by_one)
    with empty_database(on) as url:
        spent = _imported(on, url, articles, sizes.article)
        yield spent.figure("events of the article's size, `policytrail import`", sizes.article, "≥ 400")


def imported_by_mapping(on: Server, file: Path, mapping: Path, errors: Path) -> tuple[Spent, int]:
    """What a real tracker took, and the events that it made; what was refused stands in `errors`."""
    with empty_database(on) as url:
        spent, _ = _run(on, url, [str(file), "--mapping", str(mapping), "--errors", str(errors)])
        with psycopg.connect(url) as conn:
            [[events]] = conn.execute("SELECT count(*) FROM event").fetchall()
    return spent, events


def _imported(on: Server, url: str, file: Path, rows: int) -> Spent:
    """What `policytrail import` took, whole and searchable at the end."""
    spent, said = _run(on, url, [str(file)])
    if " 0 refused. done." not in said:
        raise AssertionError(said)
    with psycopg.connect(url) as conn:
        found = conn.execute(
            "SELECT count(*), count(tsv) FROM event LEFT JOIN event_search ON event_id = id"
        ).fetchone()
        if found != (rows, rows):
            raise AssertionError(f"{rows:,} rows made {found} events and words.")
        conn.execute("CHECKPOINT")
    return spent


def _run(on: Server, url: str, arguments: Sequence[str]) -> tuple[Spent, str]:
    with _spending(on) as spent:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "policytrail", "import", *arguments],
            env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with watching(process.pid) as spent.watched:
            said, _ = process.communicate()
    return spent, said


@contextmanager
def _spending(on: Server) -> Iterator[Spent]:
    """What is taken until the block ends: by processes that end in it, and by PostgreSQL."""
    spent, began = Spent(), time.perf_counter()
    ours, database = _children_seconds(), seconds_of(on.pid)
    yield spent
    spent.seconds = time.perf_counter() - began
    spent.cpu, spent.database_cpu = _children_seconds() - ours, seconds_of(on.pid) - database


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _copied_out(url: str, directory: Path) -> dict[str, Path]:
    """The rows of each table, as COPY writes them."""
    files = {name: directory / f"{name}.copy" for name in _TABLES}
    with psycopg.connect(url) as conn:
        for name, file in files.items():
            query = SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(name))
            with file.open("wb") as out, conn.cursor().copy(query) as copy:
                for piece in copy:
                    out.write(piece)
    return files


def _copied_in(on: Server, url: str, files: dict[str, Path]) -> Spent:
    """What PostgreSQL takes for the same rows with the same indexes, if nobody has to make them."""
    with _spending(on) as spent, psycopg.connect(url) as conn:
        for name, file in files.items():
            query = SQL("COPY {} FROM STDIN (FORMAT binary)").format(Identifier(name))
            with file.open("rb") as rows, conn.cursor().copy(query) as copy:
                while piece := rows.read(1_000_000):
                    copy.write(piece)
    return spent


def _sent(on: Server, url: str, file: Path) -> Spent:
    """What one request takes."""
    with servers.service(url) as address, _spending(on) as spent:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=600)
        headers = {"Authorization": f"Bearer {_key(url)}", "Content-Type": "application/x-ndjson"}
        with file.open("rb") as body:
            connection.request("POST", "/v1/imports", body, headers)
            answer = connection.getresponse()
            last = answer.read().splitlines()[-1]
        if b'"refused":0' not in last or b'"state":"done"' not in last:
            raise AssertionError(last)
    spent.cpu = None
    return spent


def _posted(on: Server, url: str, file: Path, many: int) -> Spent:
    """What it takes to send each row by itself, over one connection."""
    with servers.service(url) as address, file.open("rb") as rows, _spending(on) as spent:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        headers = {"Authorization": f"Bearer {_key(url)}", "Content-Type": "application/json"}
        for row, _ in zip(rows, range(many), strict=False):
            connection.request("POST", "/v1/events", row, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:  # noqa: PLR2004 (Created)
                raise AssertionError(answer.status)
    spent.cpu = None
    return spent


def _key(url: str) -> str:
    secret = new_key()
    with psycopg.connect(url) as conn:
        store.keys.insert_key(
            conn, id=uuid7(), name="benchmark", prefix=secret[:8], digest=digest(secret), scopes=["events:write"]
        )
    return secret
