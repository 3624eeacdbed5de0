"""`policytrail import`: files of rows into the database, by the same rules as POST /v1/imports."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from service.cli.common import database_url, write_errors_of
from service.config import load_settings


@click.command("import")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format",
    type=click.Choice(["ndjson", "csv"]),
    help="Format of the files. By default from FILE's name or its first bytes.",
)
@click.option(
    "--mode",
    type=click.Choice(["partial", "atomic"]),
    default="partial",
    show_default=True,
    help="Import the valid rows of each file, or all of its rows or none.",
)
@click.option("--dry-run", is_flag=True, help="Report the result of each row without changing anything.")
@click.option(
    "--keep-edits",
    is_flag=True,
    help="Leave an event as others have edited it if its row was imported before and has not changed.",
)
@click.option(
    "--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file that maps CSV columns."
)
@click.option(
    "--errors",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all errors to FILE as NDJSON.",
)
@click.option(
    "--jobs",
    default=min(4, len(os.sched_getaffinity(0))),
    show_default="one a core, 4 at most",
    type=click.IntRange(1, 64),
    help="Processes that import a large file.",
)
def import_command(files: tuple[Path, ...], **options: Any) -> None:
    """Import events from NDJSON or CSV files, gzipped or not. Use - for the standard input.

    A row updates the event with its external id or id, and creates one where there is none. A row that says nothing new
    changes nothing, so you can run the same command again after an interruption. Exits with 1 unless all rows were
    imported.
    """
    from service.cli.import_file import CommandOptions, import_file
    from service.observability.access_log import configure

    database_url()
    command, settings = CommandOptions(**options), load_settings()
    configure("ERROR")
    if command.errors:
        with write_errors_of(command.errors):
            command.errors.write_bytes(b"")
    complete = [import_file(path, command, settings) for path in files]
    sys.exit(0 if all(complete) else 1)
