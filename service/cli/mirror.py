"""`policytrail mirror`: a copy of a service's events in a file."""

from pathlib import Path

import click


@click.command("mirror")
@click.argument("url")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--filter", "asked", default="", help="Which events, as in the address of a list: topic=batteries&party=JP."
)
@click.option("--key", envvar="POLICYTRAIL_KEY", help="API key, also from POLICYTRAIL_KEY.")
@click.option("--once", is_flag=True, help="End when the copy is up to date.")
def mirror_command(url: str, file: Path, asked: str, key: str | None, *, once: bool) -> None:
    """Keep a copy of the events at URL in FILE, and keep it up to date.

    FILE is a SQLite database with the table `event` (id, version, document). Where its name ends in .ndjson or .jsonl
    it is written as NDJSON whenever there is something new, and the database stands beside it, under the same name with
    .state behind it. Begun again after whatever cut it short, it goes on where it was.
    """
    from service.cli.mirror_client import Mirror, Refused, follow  # noqa: PLC0415 (each command loads what it uses)

    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("must begin with http:// or https://.", param_hint="URL")
    lines = file if file.suffix in (".ndjson", ".jsonl") else None
    try:
        follow(
            Mirror(url, lines.with_name(f"{file.name}.state") if lines else file, asked=asked, key=key),
            lines,
            once=once,
        )
    except Refused as error:
        raise click.ClickException(str(error)) from error
