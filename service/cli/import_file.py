"""One file into the database, as `policytrail import` asks."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import click

from service import store
from service.cli.progress_bar import shown
from service.config import Settings
from service.db.pool import Database
from service.events.topics import first_topic
from service.imports.batch_writer import Errand
from service.imports.line_reader import unpacked
from service.imports.mapped_reader import mapped_rows
from service.imports.options import Terms
from service.imports.process_pool import Crew, crew
from service.imports.progress import Progress
from service.imports.readers import Unpacked, entries_of, format_in, format_of, pieces_of
from service.imports.report import MOST_ERRORS, error_lines
from service.imports.rows import Entry
from service.imports.run import Run, begin
from service.mappings import Mapping, load_mapping, records, text_lines
from service.store.imports import Import
from service.strict_json import JsonLimits

#: Errors that are shown at the end; --errors takes all of them.
_SHOWN = 10

#: Bytes of a file from which several processes are worth their start.
_WORTH_A_CREW = 3_000_000

#: Connections: for the import, for what says that it is running, and one to spare.
_CONNECTIONS = 3


@dataclass(frozen=True)
class Wish:
    """What was asked for."""

    form: str | None = None
    mode: str = "partial"
    dry_run: bool = False
    keep_edits: bool = False
    mapping: Path | None = None
    errors: Path | None = None
    jobs: int = 1


def import_file(path: Path, wish: Wish, settings: Settings) -> bool:
    """Whether all rows of the file were taken. What became of them is shown."""
    mapping = load_mapping(wish.mapping) if wish.mapping else None
    with _connected(settings) as database, _opened(path) as file:
        pieces = pieces_of(file)
        beginning = next(pieces, b"")
        pieces = chain([beginning], pieces)
        form = "csv" if mapping else wish.form or format_of(path.name) or format_in(beginning)
        size, read = os.fstat(file.fileno()).st_size if path.is_file() else 0, _Read()
        entries = _entries(pieces, form, mapping, settings, read)
        terms = Terms(
            is_trusted=True,
            keeps_edits=wish.keep_edits,
            dry_run=wish.dry_run,
            topics=_topics(database, mapping, wish),
        )
        errand = begin(database, settings, terms, name=path.name, form=form, mode=wish.mode)
        with _crew(errand, settings, size, wish) as at_work:
            run, began = Run(errand, at_work), time.monotonic()
            with shown(path.name, size, partial(_position, file, read)) as show:
                for progress in run.go(entries):
                    show(progress)
        return _tell(run, wish, time.monotonic() - began)


@contextmanager
def _connected(settings: Settings) -> Iterator[Database]:
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # a connection that breaks is made anew
    database = Database(replace(settings, pool_size=_CONNECTIONS))
    database.open()
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        yield file


def _topics(database: Database, mapping: Mapping | None, wish: Wish) -> frozenset[str]:
    """The topics that the mapping brings along, which are there from now on; in a dry run they only count as such."""
    if mapping is None or not mapping.topics:
        return frozenset()
    if not wish.dry_run:
        now = datetime.now(UTC)
        with database.transaction() as conn:
            made = store.topics.insert_missing_topics(conn, [first_topic(topic, now) for topic in mapping.topics])
        if made:
            click.echo(f"New topics: {', '.join(made)}.", err=True)
        return frozenset()
    return frozenset(topic["id"] for topic in mapping.topics)


def _crew(errand: Errand, settings: Settings, size: int, wish: Wish) -> AbstractContextManager[Crew | None]:
    """Several processes where they may take rows at the same time, and it is worth their start."""
    is_parallel = wish.jobs > 1 and wish.mode == "partial" and not wish.dry_run and not 0 < size < _WORTH_A_CREW
    return crew(errand, settings, wish.jobs) if is_parallel else nullcontext()


@dataclass
class _Read:
    """The lines of a mapped file that were read by now."""

    lines: int = 0

    def counted(self, lines: Iterable[str]) -> Iterator[str]:
        """The same lines, counted."""
        for line in lines:
            self.lines += 1
            yield line


def _position(file: BinaryIO, read: _Read, imported: Progress) -> float:
    """The bytes of the file that are done: all that are read, or of a mapped file the part of them that its lines are.

    Where several rows are one event all of it is read before the first is taken. Of rows that were set aside until all
    are there half is done.
    """
    done = file.tell() * (imported.line / read.lines if read.lines else 1)
    return done * (1 + imported.counts.rows / imported.aside) / 2 if imported.aside else done


def _entries(
    pieces: Iterator[bytes], form: str, mapping: Mapping | None, settings: Settings, read: _Read
) -> Iterator[Entry]:
    """The rows of the file. Invalid, at once, where it has not the columns that the mapping needs."""
    most = settings.max_import_bytes
    if mapping:
        plain = BufferedReader(Unpacked(unpacked(pieces, most=most)))
        return mapped_rows(records(mapping, read.counted(text_lines(mapping, plain))))
    bounds = JsonLimits(nesting=settings.max_nesting, members=settings.max_array, text=settings.max_text)
    return entries_of(pieces, form, bounds, longest=settings.max_body_bytes, most=most)


def _tell(run: Run, wish: Wish, seconds: float) -> bool:
    """Say what became of the rows; whether all were taken."""
    with run.errand.database.reading() as conn:
        told = store.imports.get_import(conn, run.errand.begun.id, datetime.now(UTC))
        errors = store.imports.page_errors(conn, told.id, limit=_SHOWN)
    for error in errors:
        place = " ".join(part for part in (error.column, error.pointer) if part)
        click.echo(f"line {error.line}: {place + ': ' if place else ''}{error.detail}", err=True)
    if told.errors > len(errors):
        more = told.errors - len(errors)
        click.echo(f"… and {more:,} error{'s' if more > 1 else ''} more; --errors FILE writes them all.", err=True)
    if wish.errors:
        _write_errors(run, wish.errors)
    click.echo(_summary(told, seconds))
    return told.state == "done" and not told.refused


def _summary(told: Import, seconds: float) -> str:
    rows = told.created + told.updated + told.unchanged + told.refused
    counts = ", ".join(f"{getattr(told, name):,} {name}" for name in ("created", "updated", "unchanged", "refused"))
    ended = {"done": "dry run, nothing is kept" if told.dry_run else "done"}.get(told.state, told.state)
    why = f" {told.reason}" if told.reason else ""
    return (
        f"{told.name}: {rows:,} rows in {seconds:.1f} s, {rows / max(seconds, 0.001):,.0f}/s: {counts}. {ended}.{why}"
    )


def _write_errors(run: Run, file: Path) -> None:
    """Add all errors of the import to the file."""
    after = (0, -1)
    with run.errand.database.reading() as conn, file.open("ab") as out:
        while page := store.imports.page_errors(conn, run.errand.begun.id, after=after, limit=MOST_ERRORS):
            out.write(error_lines(page))
            after = page[-1].line, page[-1].place
