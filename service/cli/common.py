"""The database that a command is about."""

import click

from service.config import load_settings


def database_url() -> str:
    """The URL in DATABASE_URL; a command cannot go on without it."""
    url = load_settings().database_url
    if not url:
        raise click.ClickException("Set DATABASE_URL to the PostgreSQL to use.")
    return url
