"""`policytrail feed`: what those who run the service do about the change feed."""

import click

from service.cli.common import database_url


@click.group("feed")
def feed_commands() -> None:
    """The change feed."""


@feed_commands.command("new-generation")
def new_generation() -> None:
    """Let followers begin anew. To be done when the database was put back in its place to an earlier state.

    Numbers that they have seen may then be given once more, to other changes. A database that was restored elsewhere,
    recovered to a point in time or failed over is known as another one without this.
    """
    import psycopg  # noqa: PLC0415 (each command loads what it uses)

    from service import store  # noqa: PLC0415 (as above)

    with psycopg.connect(database_url()) as conn:
        generation = store.feed.begin_generation(conn)
    click.echo(f"The generation is {generation} from now on; cursors of those before answer 410.")
