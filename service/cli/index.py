"""`policytrail index`: every event can be found by its words."""

import click
import psycopg

from service.cli.common import database_url

#: Events after which it is told how many they are.
_TOLD_EVERY = 10_000


def tell(so_far: int) -> None:
    """Say now and then how far it is."""
    if so_far % _TOLD_EVERY == 0:
        click.echo(f"{so_far:,} events indexed", err=True)


@click.command("index")
@click.option("--again", is_flag=True, help="Look at all events again, not only at those that cannot be found.")
def index_command(*, again: bool) -> None:
    """Let all events be found by their words.

    `policytrail migrate` does it for those that are not found. It can be stopped at any time.
    """
    from service.search.index.reindex import index_events  # noqa: PLC0415 (each command loads what it uses)

    with psycopg.connect(database_url(), autocommit=True) as conn:
        done = index_events(conn, again=again, on_batch=tell)
    click.echo(f"{done:,} events indexed." if done else "Nothing to index.")
