"""The import of one file for `policytrail import`."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import click

from schemas.imports import MAX_REPORT_ERRORS
from service import clock, store
from service.cli.common import write_errors_of
from service.cli.interrupt import interruptible
from service.cli.progress_bar import progress_bar
from service.config import Settings
from service.db.pool import Database
from service.errors import Malformed
from service.events.topics import first_topic
from service.imports.batch_writer import ImportJob
from service.imports.line_reader import decompress
from service.imports.mapped_reader import FindKnown, mapped_rows
from service.imports.options import ImportOptions
from service.imports.process_pool import PoolRunner, process_pool
from service.imports.progress import Progress
from service.imports.readers import ChunkFile, format_by_content, format_by_name, read_chunks, read_rows
from service.imports.report import error_lines
from service.imports.rows import ExternalId, ParsedRow
from service.imports.run import Import, begin_import
from service.mappings import Mapping, load_mapping, open_table, text_lines
from service.store.imports import StoredImport
from service.strict_json import JsonLimits

#: Errors that are printed at the end; --errors writes all of them.
_PRINTED_ERRORS = 10

#: Bytes of a file from which several processes are worth the time that they take to start.
_POOL_MIN_BYTES = 3_000_000

#: Connections: for the batches, for the heartbeat, and one in reserve.
_CONNECTIONS = 3


@dataclass(frozen=True)
class CommandOptions:
    """Options of the command."""

    format: str | None = None
    mode: str = "partial"
    dry_run: bool = False
    keep_edits: bool = False
    mapping: Path | None = None
    errors: Path | None = None
    jobs: int = 1


def import_file(path: Path, command: CommandOptions, settings: Settings) -> bool:
    """Import a file and print the result. Return True if all of its rows were imported."""
    mapping = load_mapping(command.mapping) if command.mapping else None
    with _connect(settings) as database, _open(path) as file:
        chunks = interruptible(_read_file(path, file))
        beginning = next(chunks, b"")
        chunks = chain([beginning], chunks)
        format_ = "csv" if mapping else command.format or format_by_name(path.name) or format_by_content(beginning)
        size, counter = os.fstat(file.fileno()).st_size if path.is_file() else 0, _LineCounter()
        if mapping:
            plain = decompress(chunks, max_bytes=settings.max_import_bytes)
            find_known = partial(_find_known, database, keep_edits=command.keep_edits)
            rows = _mapped_rows(mapping, plain, counter, find_known)
        else:
            rows = _plain_rows(chunks, format_, settings)
        options = ImportOptions(
            preserve_versions=True,
            keep_edits=command.keep_edits,
            dry_run=command.dry_run,
            topics=_create_topics(database, mapping, command),
        )
        job = begin_import(database, settings, options, name=path.name, format=format_, mode=command.mode)
        with _pool(job, settings, size, command) as pool:
            running, began = Import(job, pool), time.monotonic()
            with progress_bar(path.name, size, partial(_bytes_done, file, counter)) as show:
                for progress in running.run(rows):
                    show(progress)
        return _print_result(job, command, time.monotonic() - began)


@contextmanager
def _connect(settings: Settings) -> Iterator[Database]:
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # a broken connection is replaced
    database = Database(replace(settings, pool_size=_CONNECTIONS))
    database.open()
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        if sys.stdin is None:
            raise click.ClickException("The standard input is closed; name a file.")
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        yield file


def _read_file(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of the file in chunks. Raises Malformed where the system cannot read it."""
    try:
        yield from read_chunks(file)
    except OSError as error:
        raise Malformed(f"{path} cannot be read: {error.strerror}.") from error


def _create_topics(database: Database, mapping: Mapping | None, command: CommandOptions) -> frozenset[str]:
    """Create the topics that the mapping declares. In a dry run, return their ids instead."""
    if mapping is None or not mapping.topics:
        return frozenset()
    if not command.dry_run:
        now = clock.now()
        with database.transaction() as conn:
            created = store.topics.insert_missing_topics(conn, [first_topic(topic, now) for topic in mapping.topics])
        if created:
            click.echo(f"New topics: {', '.join(created)}.", err=True)
        return frozenset()
    return frozenset(topic["id"] for topic in mapping.topics)


def _pool(
    job: ImportJob, settings: Settings, size: int, command: CommandOptions
) -> AbstractContextManager[PoolRunner | None]:
    """Several processes, where rows may be written concurrently and the file is large enough; else None."""
    is_concurrent = command.jobs > 1 and command.mode == "partial" and not command.dry_run
    return (
        process_pool(job, settings, command.jobs) if is_concurrent and not 0 < size < _POOL_MIN_BYTES else nullcontext()
    )


@dataclass
class _LineCounter:
    """Counts the lines that were read of a mapped file."""

    lines: int = 0

    def count(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines."""
        for line in lines:
            self.lines += 1
            yield line


def _bytes_done(file: BinaryIO, counter: _LineCounter, progress: Progress) -> float:
    """Return the bytes of the file that are done: all that were read, or of a mapped file the imported lines' share.

    A mapping with groups reads the whole file before the first row is imported. Rows that were spooled, because all are
    imported or none, are half done.
    """
    done = file.tell() * (progress.line / counter.lines if counter.lines else 1)
    return done * (1 + progress.counts.rows / progress.spooled) / 2 if progress.spooled else done


def _mapped_rows(
    mapping: Mapping, chunks: Iterable[bytes], counter: _LineCounter, find_known: FindKnown
) -> Iterator[ParsedRow]:
    """Return the rows of a file by a mapping. Raises Invalid at once where it lacks columns of the mapping."""
    lines = counter.count(text_lines(mapping, BufferedReader(ChunkFile(chunks))))
    return mapped_rows(mapping, open_table(mapping, lines), find_known)


def _plain_rows(chunks: Iterable[bytes], format: str, settings: Settings) -> Iterator[ParsedRow]:
    limits = JsonLimits(nesting=settings.max_nesting, members=settings.max_array, text=settings.max_text)
    sizes = {"max_line_bytes": settings.max_body_bytes, "max_bytes": settings.max_import_bytes}
    return read_rows(chunks, format, limits, **sizes)


def _find_known(database: Database, digests: Sequence[bytes], *, keep_edits: bool) -> dict[bytes, list[ExternalId]]:
    """See FindKnown."""
    with database.reading() as conn:
        return store.events.bulk.find_import_sources(conn, digests, keep_edits=keep_edits)


def _print_result(job: ImportJob, command: CommandOptions, seconds: float) -> bool:
    """Print the result and the first errors. Return True if all rows were imported."""
    with job.database.reading() as conn:
        stored = store.imports.get_import(conn, job.stored.id, clock.now())
        errors = store.imports.page_errors(conn, stored.id, limit=_PRINTED_ERRORS)
    for error in errors:
        place = " ".join(part for part in (error.column, error.pointer) if part)
        click.echo(f"line {error.line}: {place + ': ' if place else ''}{error.detail}", err=True)
    if stored.errors > len(errors):
        more = stored.errors - len(errors)
        click.echo(f"… and {more:,} more error{'s' if more > 1 else ''}; --errors FILE writes all.", err=True)
    if command.errors:
        _write_errors(job, command.errors)
    click.echo(_summary(stored, seconds))
    return stored.state == "done" and not stored.refused


def _summary(stored: StoredImport, seconds: float) -> str:
    rows = stored.created + stored.updated + stored.unchanged + stored.refused
    rate = rows / max(seconds, 0.001)
    counts = ", ".join(f"{getattr(stored, name):,} {name}" for name in ("created", "updated", "unchanged", "refused"))
    state = {"done": "dry run, nothing is kept" if stored.dry_run else "done"}.get(stored.state, stored.state)
    reason = f" {stored.reason}" if stored.reason else ""
    return f"{stored.name}: {rows:,} rows in {seconds:.1f} s, {rate:,.0f}/s: {counts}. {state}.{reason}"


def _write_errors(job: ImportJob, file: Path) -> None:
    """Append all errors of the import to the file."""
    after = (0, -1)
    with write_errors_of(file), job.database.reading() as conn, file.open("ab") as out:
        while page := store.imports.page_errors(conn, job.stored.id, after=after, limit=MAX_REPORT_ERRORS):
            out.write(error_lines(page))
            after = page[-1].line, page[-1].place
