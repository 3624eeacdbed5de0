"""The `policytrail` command."""

import errno
from typing import Any

import click
import psycopg
from environs import EnvError

from service.cli.erase import erase_command
from service.cli.export import export_command
from service.cli.feed import feed_commands
from service.cli.imports import import_command
from service.cli.index import index_command, migrate_command
from service.cli.interrupt import remember_interrupts
from service.cli.keys import key_commands
from service.cli.mapping import mapping_commands
from service.cli.mirror import mirror_command
from service.cli.openapi import openapi_command, postman_command
from service.cli.run import run_command
from service.cli.seed import seed_command
from service.cli.status import status_command
from service.cli.synonyms import synonyms_command
from service.cli.worker import work_command
from service.errors import ServiceError
from service.observability import log_stream

#: The errors of files that take no more bytes.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ErrorReportingGroup(click.Group):
    """A group that reports expected errors of its commands in plain text instead of a traceback."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the program; a terminal that takes no more lines does not end it."""
        log_stream.protect("stderr", may_wait=True)
        return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            with remember_interrupts():
                return super().invoke(ctx)
        except EnvError as error:
            raise click.ClickException(str(error)) from error
        except ServiceError as error:
            faults = [fault.detail for fault in error.faults if fault.detail != error.detail]
            raise click.ClickException("\n".join([error.detail, *faults])) from error
        except psycopg.OperationalError as error:
            raise click.ClickException(f"The database cannot be reached: {error}") from error
        except OSError as error:
            if error.errno not in _FULL:
                raise
            file = error.filename or "The output"
            raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error


@click.group(cls=ErrorReportingGroup)
@click.version_option(package_name="policytrail")
def main() -> None:
    """Policytrail: policy events with their evidence, over HTTP."""


for command in (
    run_command,
    migrate_command,
    seed_command,
    work_command,
    index_command,
    key_commands,
    import_command,
    mapping_commands,
    synonyms_command,
    export_command,
    mirror_command,
    erase_command,
    feed_commands,
    status_command,
    openapi_command,
    postman_command,
):
    main.add_command(command)
