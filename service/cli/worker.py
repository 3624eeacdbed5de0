"""`policytrail work`: the webhook worker."""

from contextlib import suppress

import click
import psycopg

from service.cli.common import database_url
from service.config import MIGRATIONS, load_settings


@click.command("work")
def work_command() -> None:
    """Send webhooks, until SIGTERM or Ctrl-C; what is under way then is ended first.

    It numbers what was written for the change feed, matches it with webhooks and posts it. Any number may run, on any
    number of machines: they share the webhooks among them, and take over from one that ends.
    """
    from service.db import migrations
    from service.observability import access_log
    from service.webhooks import worker

    settings, url = load_settings(), database_url()
    access_log.configure(settings.log_level)
    # A database that cannot be reached now is waited for.
    with suppress(psycopg.OperationalError), psycopg.connect(url) as conn:
        if missing := migrations.pending(conn, MIGRATIONS):
            raise click.ClickException(
                f"First apply the migrations: policytrail migrate. Pending: {', '.join(missing)}"
            )
    try:
        worker.run(settings)
    except ValueError as error:  # of a setting
        raise click.ClickException(str(error)) from error
