"""Output of `policytrail mapping check`: tables on a terminal, lines with tabs everywhere else."""

from collections.abc import Iterable, Iterator, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.mappings import MappedRecord, Mapping, UnmappedRows
from service.mappings.preview import ErrorGroup, FieldPreview, Preview, error_previews, field_previews

#: Characters of a value that are printed: a description would fill the screen.
_MAX_VALUE = 240


class MappingReport:
    """Prints the parts of a preview."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def print_head(self, mapping: Mapping, header: Iterable[str]) -> None:
        """Print the mapping's source, and the columns of the file that it does not use."""
        columns = list(header)
        used = [column for column in columns if column in mapping.columns]
        source = (("mapping", mapping.name), ("credit", mapping.credit), ("licence", mapping.licence))
        rows = [(name, text) for name, text in source if text]
        rows.append(("columns used", f"{len(used)} of {len(columns)}"))
        rows.append(("ignored", ", ".join(mapping.ignored)))
        rows.append(("not used", ", ".join(mapping.unused(columns)) or "none"))
        self._print_table("", (), [(name, text) for name, text in rows if text])

    def print_result(self, result: MappedRecord | UnmappedRows, faults: Iterable[FieldPreview]) -> None:
        """Print the record of one event's rows, with the faults that the service would find, or their errors."""
        lines = _lines(result.lines)
        if isinstance(result, UnmappedRows):
            rows = [_row(one) for one in error_previews(result.errors)]
            self._print_table(f"{lines}: refused", ("for", "reason", "from"), rows, "red")
            return
        rows = [_row(one) for one in field_previews(result)]
        self._print_table(f"{lines}: a record", ("field", "became", "from"), rows)
        if rows := [_row(one) for one in faults]:
            self._print_table(f"{lines}: the service would refuse it", ("at", "reason", "from"), rows, "red")

    def print_counts(self, preview: Preview, *, whole: bool) -> None:
        """Print the numbers of rows and records, and the errors by kind."""
        scope = "the whole file" if whole else "the rows shown; --all counts the whole file"
        rows = [
            ("rows", f"{preview.rows:,}"),
            ("records", f"{preview.records:,}"),
            ("rows refused", f"{preview.refused_rows:,}"),
        ]
        self._print_table(f"In {scope}", (), rows)
        for title, groups in (("Refused", preview.errors), ("The service would refuse", preview.faults)):
            if groups:
                header = ("count", "column", "reason", "such as", "lines")
                self._print_table(title, header, list(_group_rows(groups.values())), "red")

    def _print_table(self, title: str, header: Iterable[str], rows: Iterable[Sequence[str]], style: str = "") -> None:
        if not self._console.is_terminal:
            self._print_lines(title, rows)
            return
        if title:
            self._console.print(Text(f"\n{title}", style=style or "bold"))
        names, rows = list(header), list(rows)
        table = Table(show_header=bool(names))
        for index in range(max(map(len, rows), default=len(names))):
            table.add_column(names[index] if names else "", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print(table)

    def _print_lines(self, title: str, rows: Iterable[Sequence[str]]) -> None:
        if title:
            click.echo(f"\n{title}")
        for row in rows:
            click.echo("\t".join(" ".join(cell.split()) for cell in row).rstrip())


def _row(preview: FieldPreview) -> tuple[str, str, str]:
    text = preview.text if len(preview.text) <= _MAX_VALUE else f"{preview.text[:_MAX_VALUE]}…"
    return preview.name, text, ", ".join(preview.columns)


def _group_rows(groups: Iterable[ErrorGroup]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each kind of error, the most frequent first."""
    for group in sorted(groups, key=lambda group: -group.count):
        more = "…" if group.count > len(group.lines) else ""
        values = ", ".join(f'"{value[:60]}"' for value in group.values[:3])
        yield f"{group.count:,}", group.column or "", group.problem, values, ", ".join(map(str, group.lines)) + more


def _lines(lines: tuple[int, ...]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"
