"""`policytrail work`: the webhook worker."""

from contextlib import suppress

import click
import psycopg

from service.cli.common import database_url
from service.config import MIGRATIONS, load_settings


@click.command("work")
def work_command() -> None:
    """Deliver webhooks until SIGTERM or Ctrl-C; attempts in flight end first.

    The worker sequences committed writes for the change feed, matches them with webhooks and posts them. You can run
    any number of workers on any number of machines: they share the webhooks, and take over from a worker that ends.
    """
    from service.db import migrations
    from service.db.connection import CONNECT_TIMEOUT, DeadlineConnection
    from service.observability import access_log, log_stream
    from service.webhooks import worker

    log_stream.protect("stderr")
    settings, url = load_settings(), database_url()
    access_log.configure(settings.log_level)
    # An unreachable database is no error: the worker waits for it.
    with (
        suppress(psycopg.OperationalError),
        DeadlineConnection.connect(url, connect_timeout=CONNECT_TIMEOUT) as conn,
    ):
        conn.allow(settings.statement_timeout)
        if missing := migrations.pending(conn, MIGRATIONS):
            raise click.ClickException(
                f"First apply the migrations with `policytrail migrate`. Pending: {', '.join(missing)}."
            )
    try:
        worker.run(settings)
    except ValueError as error:  # of a setting
        raise click.ClickException(str(error)) from error
