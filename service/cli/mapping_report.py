"""What `policytrail mapping check` shows: tables on a terminal, lines with tabs everywhere else."""

from collections.abc import Iterable, Iterator, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.mappings import Mapped, Mapping, Refused
from service.mappings.preview import Kind, Told, Trial, told, told_reasons

#: Characters of a value that are shown: a description would fill the screen.
_SHOWN = 240


class Page:
    """Where a trial is shown."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def head(self, mapping: Mapping, header: Iterable[str]) -> None:
        """What is mapped, and the columns that are not."""
        columns = list(header)
        used = [column for column in columns if column in mapping.columns]
        about = (("mapping", mapping.name), ("credit", mapping.credit), ("licence", mapping.licence))
        rows = [(name, said) for name, said in about if said]
        rows.append(("columns used", f"{len(used)} of {len(columns)}"))
        rows.append(("ignored", ", ".join(mapping.ignored)))
        rows.append(("not used", ", ".join(mapping.unused(columns)) or "none"))
        self._table("", (), [(name, said) for name, said in rows if said])

    def outcome(self, outcome: Mapped | Refused, faults: Iterable[Told]) -> None:
        """What became of the rows of one event."""
        lines = _lines(outcome.lines)
        if isinstance(outcome, Refused):
            rows = told_reasons(outcome.reasons)
            self._table(f"{lines}: refused", ("for", "reason", "from"), [_row(one) for one in rows], "red")
            return
        self._table(f"{lines}: a record", ("field", "became", "from"), [_row(one) for one in told(outcome)])
        if wrong := [_row(one) for one in faults]:
            self._table(f"{lines}: the service would refuse it", ("at", "reason", "from"), wrong, "red")

    def counts(self, trial: Trial, *, whole: bool) -> None:
        """How many rows became records, and why the others did not."""
        looked_at = "the whole file" if whole else "the rows shown; --all counts the whole file"
        rows = [
            ("rows", f"{trial.rows:,}"),
            ("records", f"{trial.records:,}"),
            ("rows refused", f"{trial.refused_rows:,}"),
        ]
        self._table(f"In {looked_at}", (), rows)
        for title, kinds in (("Refused", trial.refusals), ("The service would refuse", trial.faults)):
            if kinds:
                self._table(
                    title, ("count", "column", "reason", "such as", "lines"), list(_kinds(kinds.values())), "red"
                )

    def _table(self, title: str, header: Iterable[str], rows: Iterable[Sequence[str]], style: str = "") -> None:
        if not self._console.is_terminal:
            self._plain(title, rows)
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

    def _plain(self, title: str, rows: Iterable[Sequence[str]]) -> None:
        if title:
            click.echo(f"\n{title}")
        for row in rows:
            click.echo("\t".join(" ".join(cell.split()) for cell in row).rstrip())


def _row(one: Told) -> tuple[str, str, str]:
    became = one.became if len(one.became) <= _SHOWN else f"{one.became[:_SHOWN]}…"
    return one.name, became, ", ".join(one.columns)


def _kinds(kinds: Iterable[Kind]) -> Iterator[tuple[str, ...]]:
    """Refusals by kind, the commonest first."""
    for kind in sorted(kinds, key=lambda kind: -kind.count):
        more = "…" if kind.count > len(kind.lines) else ""
        values = ", ".join(f'"{value[:60]}"' for value in kind.values[:3])
        yield f"{kind.count:,}", kind.column or "", kind.problem, values, ", ".join(map(str, kind.lines)) + more


def _lines(lines: tuple[int, ...]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"
