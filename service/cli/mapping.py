"""`policytrail mapping`: what a mapping makes of a file, before anything is imported."""

from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import click

from service.config import load_settings


@click.group("mapping")
def mapping_commands() -> None:
    """Mappings: TOML files that say how a CSV's rows become records."""


@mapping_commands.command("check")
@click.argument("mapping_file", metavar="MAPPING", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("file", type=click.File("rb"))
@click.option(
    "--rows", default=3, show_default=True, type=click.IntRange(0), help="Events to show, from the file's first."
)
@click.option("--all", "everything", is_flag=True, help="Go through the whole file and count what becomes of it.")
def check(mapping_file: Path, file: BinaryIO, rows: int, *, everything: bool) -> None:
    """Show what MAPPING makes of FILE, a CSV, which may be gzipped. Nothing is stored.

    Ends with 1 where the mapping cannot be used, where it makes records that the service would refuse, and where it
    makes none.
    """
    from rich.console import Console  # noqa: PLC0415 (each command loads what it uses)

    from service.cli.mapping_report import Page  # noqa: PLC0415 (as above)
    from service.mappings import load_mapping, outcomes, table_of_file, text_lines  # noqa: PLC0415 (as above)
    from service.mappings.preview import Told, Trial  # noqa: PLC0415 (as above)

    mapping = load_mapping(mapping_file)
    table = table_of_file(mapping, text_lines(mapping, _unpacked(file)))
    page = Page(Console())
    page.head(mapping, table.header)
    trial = Trial()
    for number, outcome in enumerate(outcomes(mapping, table)):
        if number >= rows and not everything:
            break
        faults = trial.add(outcome)
        if number < rows:
            page.outcome(outcome, [Told(fault.pointer or "#", fault.detail, ()) for fault in faults])
    page.counts(trial, whole=everything)
    if trial.faults or not trial.records:
        raise SystemExit(1)


def _unpacked(file: BinaryIO) -> BinaryIO:
    """The file as it is, or what is packed in it, as an import reads it."""
    from service.imports.line_reader import unpacked  # noqa: PLC0415 (as above)
    from service.imports.readers import Unpacked, pieces_of  # noqa: PLC0415 (as above)

    return BufferedReader(Unpacked(unpacked(pieces_of(file), most=load_settings().max_import_bytes)))
