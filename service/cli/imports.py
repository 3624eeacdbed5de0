"""`policytrail import`: files of rows into the database, as POST /v1/imports takes them."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from service.cli.writing import writing
from service.config import load_settings


@click.command("import")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format", "form", type=click.Choice(["ndjson", "csv"]), help="Else by the end of FILE or its beginning."
)
@click.option(
    "--mode",
    type=click.Choice(["partial", "atomic"]),
    default="partial",
    show_default=True,
    help="Take the rows that are valid, or all rows of a file or none.",
)
@click.option("--dry-run", is_flag=True, help="Say what would become of each row, and change nothing.")
@click.option("--keep-edits", is_flag=True, help="A row that came before leaves its event as others edited it since.")
@click.option(
    "--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML that maps a CSV's columns."
)
@click.option(
    "--errors",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all errors here, as NDJSON.",
)
@click.option(
    "--jobs",
    default=min(4, len(os.sched_getaffinity(0))),
    show_default="one a core, 4 at most",
    type=click.IntRange(1, 64),
    help="Processes at work on a large file.",
)
def import_files(files: tuple[Path, ...], **options: Any) -> None:
    """Import events from NDJSON or CSV, gzipped or not. A FILE of - is the standard input.

    A row changes the event that has its external id or its id; where there is none it makes one. What says nothing new
    changes nothing, so after an interruption the same again goes on where it ended. Ends with 1 if not all was taken.
    """
    from service.cli.import_file import Wish, import_file  # noqa: PLC0415 (the other commands do not need it)
    from service.observability.access_log import configure  # noqa: PLC0415 (as above)

    wish, settings = Wish(**options), load_settings()
    if not settings.database_url:
        raise click.ClickException("Set DATABASE_URL to the PostgreSQL to use.")
    configure("ERROR")
    if wish.errors:
        with writing(wish.errors):
            wish.errors.write_bytes(b"")
    taken = [import_file(path, wish, settings) for path in files]
    sys.exit(0 if all(taken) else 1)
