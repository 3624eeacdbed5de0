"""Progress of an import: a bar on a terminal, a line every few seconds everywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from service.imports.progress import Progress

#: Seconds between two lines.
_LINE_EVERY = 5.0

Show = Callable[[Progress], None]


@contextmanager
def progress_bar(name: str, size: int, bytes_done: Callable[[Progress], float]) -> Iterator[Show]:
    """A function that shows the progress of a file with `size` bytes; 0 where the size is unknown."""
    if sys.stderr.isatty():
        with _bar() as bar:
            task = bar.add_task(name, total=size or None, rows=0, rate=0, refused=0)
            began = time.monotonic()

            def show(progress: Progress) -> None:
                counts = progress.counts
                rate = counts.rows / max(time.monotonic() - began, 0.001)
                completed = bytes_done(progress) if size else None
                bar.update(task, completed=completed, rows=counts.rows, rate=rate, refused=counts.refused)

            yield show
    else:
        yield _lines(name)


def _bar() -> Bar:
    return Bar(
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
    began = last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _LINE_EVERY:
            last, counts = now, progress.counts
            rate = counts.rows / (now - began)
            click.echo(f"{name}: {counts.rows:,} rows, {rate:,.0f}/s, {counts.refused:,} refused", err=True)

    return show
