"""`policytrail feed`: operation of the change feed."""

import click

from service.cli.common import database_url


@click.group("feed")
def feed_commands() -> None:
    """Operate the change feed."""


@feed_commands.command("new-generation")
def new_generation() -> None:
    """Invalidate all cursors of the change feed.

    Run this after you have reset the database to an earlier state in place: sequence numbers that clients have seen may
    be used again for other changes. It is not needed for a database that was restored elsewhere, recovered to a point
    in time or failed over; the service recognises these by itself.
    """
    import psycopg

    from service import store

    with psycopg.connect(database_url()) as conn:
        generation = store.feed.begin_generation(conn)
    click.echo(f"The generation is now {generation}; earlier cursors answer 410.")
