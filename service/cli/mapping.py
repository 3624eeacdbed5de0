"""`policytrail mapping`: a preview of a mapping before anything is imported."""

from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import click

from service.cli.interrupt import interruptible
from service.config import load_settings


@click.group("mapping")
def mapping_commands() -> None:
    """Check mappings: TOML files that describe how CSV rows become records."""


@mapping_commands.command("check")
@click.argument("mapping_file", metavar="MAPPING", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("file", type=click.File("rb"))
@click.option("--rows", default=3, show_default=True, type=click.IntRange(0), help="Number of events to show.")
@click.option("--all", "everything", is_flag=True, help="Read the whole file and count the results.")
def check(mapping_file: Path, file: BinaryIO, rows: int, *, everything: bool) -> None:
    """Show the records that MAPPING makes of FILE, a CSV, gzipped or not. Nothing is stored.

    Exits with 1 if the mapping is not valid, if the service would refuse one of its records, or if it makes no record.
    """
    from rich.console import Console

    from service.cli.mapping_report import MappingReport
    from service.mappings import load_mapping, map_table, open_table, text_lines
    from service.mappings.preview import FieldPreview, Preview

    mapping = load_mapping(mapping_file)
    table = open_table(mapping, text_lines(mapping, _decompress(file)))
    report = MappingReport(Console())
    report.print_head(mapping, table.header)
    preview = Preview()
    for number, result in enumerate(map_table(mapping, table)):
        if number >= rows and not everything:
            break
        faults = preview.add(result)
        if number < rows:
            report.print_result(result, [FieldPreview(fault.pointer or "#", fault.detail, ()) for fault in faults])
    report.print_counts(preview, whole=everything)
    if preview.faults or not preview.records:
        raise SystemExit(1)


def _decompress(file: BinaryIO) -> BinaryIO:
    """Return the file's content, decompressed as an import does it."""
    from service.imports.line_reader import decompress
    from service.imports.readers import ChunkFile, read_chunks

    return BufferedReader(
        ChunkFile(decompress(interruptible(read_chunks(file)), max_bytes=load_settings().max_import_bytes))
    )
