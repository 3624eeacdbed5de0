"""`policytrail mirror`: a copy of a service's events in a file."""

from pathlib import Path

import click


@click.command("mirror")
@click.argument("url")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--filter", "query", default="", help="Events to copy, as in the query of a list: topic=batteries&party=JP."
)
@click.option("--key", envvar="POLICYTRAIL_KEY", help="API key. Also read from POLICYTRAIL_KEY.")
@click.option("--once", is_flag=True, help="Exit when the copy is up to date.")
def mirror_command(url: str, file: Path, query: str, key: str | None, *, once: bool) -> None:
    """Copy the events of the service at URL to FILE, and keep the copy up to date.

    FILE is a SQLite database with the table `event` (id, version, document). If its name ends in .ndjson or .jsonl, it
    is written as NDJSON after every change, and the database is FILE.state beside it. You can stop the command at any
    time; run it again to resume.
    """
    import sqlite3

    from service.cli.mirror_client import Mirror, MirrorError, follow

    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("must begin with http:// or https://.", param_hint="URL")
    lines = file if file.suffix in (".ndjson", ".jsonl") else None
    database = file.with_name(f"{file.name}.state") if lines else file
    try:
        follow(Mirror(url, database, query=query, key=key), lines, once=once)
    except MirrorError as error:
        raise click.ClickException(str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"{file} cannot be written: {error}.") from error
