"""`policytrail run`: the whole service on one machine."""

import click

from service.config import load_settings


@click.command("run")
def run_command() -> None:
    """Run the whole service on this machine.

    Starts PostgreSQL (unless DATABASE_URL names one), applies migrations, adds the first record, and runs the API and
    the webhook worker until Ctrl-C. A part that ends, such as PostgreSQL on a full disk, is started again.
    """
    from service.cli.supervisor import run_everything  # needs the extra `local`

    run_everything(load_settings())
