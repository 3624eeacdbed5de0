"""How far an import has come: a bar on a terminal, a line now and then everywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from service.imports.progress import Progress as Imported

#: Seconds between two lines.
_EVERY = 5.0

Show = Callable[[Imported], None]


@contextmanager
def shown(name: str, size: int, position: Callable[[Imported], float]) -> Iterator[Show]:
    """A function that shows how far the import of the file has come: `position` of the `size` bytes that it has.

    The size is 0 where nobody knows it.
    """
    if sys.stderr.isatty():
        with _bar() as progress:
            task = progress.add_task(name, total=size or None, rows=0, rate=0, refused=0)
            began = time.monotonic()

            def show(imported: Imported) -> None:
                counts = imported.counts
                rate = counts.rows / max(time.monotonic() - began, 0.001)
                done = position(imported) if size else None
                progress.update(task, completed=done, rows=counts.rows, rate=rate, refused=counts.refused)

            yield show
    else:
        yield _lines(name)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows  {task.fields[rate]:,.0f}/s  {task.fields[refused]:,} refused"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _lines(name: str) -> Show:
    began = told = time.monotonic()

    def show(imported: Imported) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _EVERY:
            told, counts = now, imported.counts
            rate = counts.rows / (now - began)
            click.echo(f"{name}: {counts.rows:,} rows, {rate:,.0f}/s, {counts.refused:,} refused", err=True)

    return show
