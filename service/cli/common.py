"""Parts that several commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from service.config import load_settings


def database_url() -> str:
    """Return the URL in DATABASE_URL. Raises ClickException where it is not set."""
    url = load_settings().database_url
    if not url:
        raise click.ClickException("Set DATABASE_URL to the URL of a PostgreSQL database.")
    return url


@contextmanager
def write_errors_of(file: Path) -> Iterator[None]:
    """Report an OSError of the block as one line about `file` instead of a traceback."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror or error}.") from error


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --output to a command that prints a text."""
    return click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead of the terminal."
    )(command)


def print_or_write(text: str, output: Path | None) -> None:
    """Write `text` to the file `output`, or print it."""
    if output:
        output.write_text(text)
    else:
        click.echo(text, nl=False)
