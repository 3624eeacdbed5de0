"""`policytrail export`: all events that match a filter, as a file."""

import gzip
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click
import psycopg

from service.cli.common import database_url, write_errors_of

if TYPE_CHECKING:
    from service.exports.export import FileFormat
    from service.search.find import Search

FORMATS = ("ndjson", "csv", "parquet")

#: Parameters of GET /v1/events that do not apply to files.
_PAGE_PARAMETERS = frozenset({"format", "cursor", "pretty", "count", "highlight", "explain", "snapshot"})


@click.command("export")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the file. By default from FILE's name, else ndjson."
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to FILE instead of the terminal, completely or not at all; gzipped if its name ends in .gz.",
)
@click.argument("parameters", metavar="[NAME=VALUE]...", nargs=-1)
def export_command(form: str | None, output: Path | None, parameters: tuple[str, ...]) -> None:
    """Export all matching events, in one snapshot of the database.

    Each NAME=VALUE is a parameter of GET /v1/events: party=JP, topic=batteries,trade, sort=-date, limit=100,
    fields=title,status, bom=true.
    """
    from service.exports.export import FileFormat, require_writable
    from service.search.find import search_of

    query = _parse_query(parameters)
    file_form = FileFormat(form or _form_by_name(output), query["fields"], query["bom"])
    require_writable(file_form)
    search, began = search_of(query, (), with_deleted=True), time.perf_counter()
    with _snapshot() as conn, _open_output(output) as file:
        events = _write_events(conn, search, query["limit"], file_form, file)
    if output:
        click.echo(f"{events:,} events in {time.perf_counter() - began:.1f} s: {output}", err=True)


def _write_events(
    conn: psycopg.Connection, search: "Search", limit: int | None, form: "FileFormat", file: BinaryIO
) -> int:
    """Write the selected events, and return their number."""
    from service.exports.export import stream_selected, write_documents

    events = 0

    def count_events() -> Iterator[list[bytes]]:
        nonlocal events
        for documents in stream_selected(conn, search, limit):
            events += len(documents)
            yield documents

    file.writelines(write_documents(form, count_events()))
    return events


def _parse_query(parameters: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters as GET /v1/events loads them. Raises ClickException with all errors."""
    from marshmallow import ValidationError

    from schemas.lists import EventQuerySchema
    from service.validation import faults_of

    values: dict[str, str] = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals or name in values:
            raise click.UsageError(f"{parameter}: give each parameter once, as NAME=VALUE.")
        values[name] = value
    if invalid := values.keys() & _PAGE_PARAMETERS:
        raise click.UsageError(f"{', '.join(sorted(invalid))}: not supported for exports; see --format.")
    try:
        query: dict[str, Any] = EventQuerySchema().load(values)
    except ValidationError as error:
        faults = faults_of(error.normalized_messages(), "parameter")
        raise click.ClickException("\n".join(f"{fault.parameter}: {fault.detail}" for fault in faults)) from error
    return query


def _form_by_name(output: Path | None) -> str:
    """Return the format that the file's extension names, else ndjson."""
    name = output.name.removesuffix(".gz") if output else ""
    return next((form for form in FORMATS if name.endswith(f".{form}")), FORMATS[0])


@contextmanager
def _snapshot() -> Iterator[psycopg.Connection]:
    """A read-only connection that sees one state of the database."""
    with psycopg.connect(database_url(), application_name="policytrail export") as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        yield conn


@contextmanager
def _open_output(output: Path | None) -> Iterator[BinaryIO]:
    """The file to write, or the terminal. The file appears under its name only when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    partial = output.with_name(f"{output.name}.part")
    try:
        with write_errors_of(output):
            with cast(
                "BinaryIO", gzip.open(partial, "wb", 6) if output.suffix == ".gz" else partial.open("wb")
            ) as file:
                yield file
            partial.replace(output)
    finally:
        with suppress(OSError):  # for example a missing folder
            partial.unlink(missing_ok=True)
