"""`policytrail migrate` and `policytrail index`: the schema and the search index of a database."""

import click
import psycopg

from service.cli.common import database_url
from service.config import MIGRATIONS

#: Indexed events between two lines of progress.
_PROGRESS_EVERY = 10_000


@click.command("migrate")
def migrate_command() -> None:
    """Apply pending migrations to DATABASE_URL, then index events that search cannot find yet."""
    from service.db import migrations
    from service.search.index import reindex

    with psycopg.connect(database_url()) as conn:
        applied = migrations.migrate(conn, MIGRATIONS)
        indexed = reindex.index_events(conn, on_batch=_print_progress)
    click.echo("\n".join(applied) or "Nothing to apply.")
    if indexed:
        click.echo(f"{indexed:,} events indexed.")


@click.command("index")
@click.option("--again", is_flag=True, help="Index all events again, not only those that are missing.")
def index_command(*, again: bool) -> None:
    """Index events for search.

    `policytrail migrate` indexes missing events as well. You can stop the command at any time and run it again.
    """
    from service.search.index import reindex

    with psycopg.connect(database_url(), autocommit=True) as conn:
        indexed = reindex.index_events(conn, again=again, on_batch=_print_progress)
    click.echo(f"{indexed:,} events indexed." if indexed else "Nothing to index.")


def _print_progress(indexed: int) -> None:
    if indexed % _PROGRESS_EVERY == 0:
        click.echo(f"{indexed:,} events indexed", err=True)
