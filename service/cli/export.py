"""`policytrail export`: all events that a filter selects, as a file."""

import gzip
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click
import psycopg

from service.cli.writing import writing
from service.config import load_settings

if TYPE_CHECKING:
    from service.exports.export import Form, Selection

FORMATS = ("ndjson", "csv", "parquet")

#: Parameters of GET /v1/events that are not for files.
_OF_PAGES = frozenset({"format", "cursor", "pretty", "count", "highlight", "explain", "snapshot"})


@click.command("export")
@click.option("--format", "form", type=click.Choice(FORMATS), help="By the name of FILE when not given, else ndjson.")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, complete or not at all; gzipped where its name ends in .gz. Else to the terminal.",
)
@click.argument("asked", metavar="[NAME=VALUE]...", nargs=-1)
def export_command(form: str | None, output: Path | None, asked: tuple[str, ...]) -> None:
    """Write all events that match, of one instant.

    Each NAME=VALUE is a parameter of GET /v1/events: party=JP, topic=batteries,trade, sort=-date, limit=100,
    fields=title,status, bom=true.
    """
    from service.exports.export import Form, require_writable, selection_of  # noqa: PLC0415 (each command loads what it uses)

    query = _query(asked)
    wanted = Form(form or _form_of(output), query["fields"], query["bom"])
    require_writable(wanted)
    selection, began = selection_of(query), time.perf_counter()
    with _snapshot() as conn, _file(output) as file:
        events = _write(conn, selection, wanted, file)
    if output:
        click.echo(f"{events:,} events in {time.perf_counter() - began:.1f} s: {output}", err=True)


def _write(conn: psycopg.Connection, selection: "Selection", wanted: "Form", file: BinaryIO) -> int:
    """Write the selected events, and return how many they were."""
    from service.exports.export import select, written  # noqa: PLC0415 (as above)

    events = 0

    def counted() -> Iterator[list[bytes]]:
        nonlocal events
        for documents in select(conn, selection):
            events += len(documents)
            yield documents

    file.writelines(written(wanted, counted()))
    return events


def _query(asked: tuple[str, ...]) -> dict[str, Any]:
    """The parameters as GET /v1/events loads them; what is wrong with them is told one by one."""
    from marshmallow import ValidationError  # noqa: PLC0415 (as above)

    from schemas.lists import EventQuerySchema  # noqa: PLC0415 (as above)
    from service.validation import faults_of  # noqa: PLC0415 (as above)

    said: dict[str, str] = {}
    for one in asked:
        name, equals, value = one.partition("=")
        if not equals or name in said:
            raise click.UsageError(f"{one}: give each parameter once, as NAME=VALUE.")
        said[name] = value
    if needless := said.keys() & _OF_PAGES:
        raise click.UsageError(f"{', '.join(sorted(needless))}: not for a file of all events; see --format.")
    try:
        loaded: dict[str, Any] = EventQuerySchema().load(said)
    except ValidationError as error:
        faults = faults_of(error.normalized_messages(), "parameter")
        raise click.ClickException("\n".join(f"{fault.parameter}: {fault.detail}" for fault in faults)) from error
    return loaded


def _form_of(output: Path | None) -> str:
    """The form that the file's name ends in."""
    name = output.name.removesuffix(".gz") if output else ""
    return next((form for form in FORMATS if name.endswith(f".{form}")), FORMATS[0])


@contextmanager
def _snapshot() -> Iterator[psycopg.Connection]:
    """A connection that sees one state of the database and only reads."""
    url = load_settings().database_url
    if not url:
        raise click.ClickException("Set DATABASE_URL to the PostgreSQL to use.")
    with psycopg.connect(url, application_name="policytrail export") as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        yield conn


@contextmanager
def _file(output: Path | None) -> Iterator[BinaryIO]:
    """Where to write. A file gets its name when all is in it; until then, and after a failure, nothing bears it."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = output.with_name(f"{output.name}.part")
    try:
        with writing(output):
            with cast(
                "BinaryIO", gzip.open(unfinished, "wb", 6) if output.suffix == ".gz" else unfinished.open("wb")
            ) as file:
                yield file
            unfinished.replace(output)
    finally:
        with suppress(OSError):  # such as that there is no such folder
            unfinished.unlink(missing_ok=True)
