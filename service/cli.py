"""The `policytrail` command."""

from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg
from environs import EnvError

from service.config import MIGRATIONS, SEEDS, Settings, load_settings
from service.errors import ServiceError


class Told(click.Group):
    """A group whose commands tell our own errors in one line."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EnvError as error:
            raise click.ClickException(str(error)) from error
        except ServiceError as error:
            raise click.ClickException(error.detail) from error
        except psycopg.OperationalError as error:
            raise click.ClickException(f"The database cannot be reached: {error}") from error


@click.group(cls=Told)
@click.version_option(package_name="policytrail")
def main() -> None:
    """Policytrail: policy events with their evidence, over HTTP."""


@main.command()
def run() -> None:
    """Run everything on this machine: PostgreSQL, migrations, the first record, the API."""
    from service import running  # noqa: PLC0415 (needs the extra `local`; the other commands do not)

    running.run(load_settings())


@main.command()
def migrate() -> None:
    """Apply the migrations that are pending in DATABASE_URL."""
    from service import migrating  # noqa: PLC0415 (each command loads what it uses)

    with psycopg.connect(_database_url()) as conn:
        applied = migrating.migrate(conn, MIGRATIONS)
    click.echo("\n".join(applied) or "Nothing to apply.")


@main.command()
def seed() -> None:
    """Record the article's event in DATABASE_URL, if it is still empty."""
    from service import seeding  # noqa: PLC0415 (as above)

    with psycopg.connect(_database_url()) as conn:
        seeded = seeding.seed(conn, SEEDS, datetime.now(UTC))
    click.echo("Seeded." if seeded else "There are records already; nothing was done.")


@main.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to the terminal."
)
def openapi(output: Path | None) -> None:
    """Print the OpenAPI description of the API."""
    from service import create_app  # noqa: PLC0415 (as above)
    from service.openapi import to_yaml  # noqa: PLC0415 (as above)

    text = to_yaml(create_app(Settings()))
    if output:
        output.write_text(text)
    else:
        click.echo(text, nl=False)


@main.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="May be given several times.")
def create_key(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key, and show it this once."""
    from service import store  # noqa: PLC0415 (as above)
    from service.ids import uuid7  # noqa: PLC0415 (as above)
    from service.keys import SCOPES, digest, new_key  # noqa: PLC0415 (as above)

    if unknown := set(scopes) - set(SCOPES):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: scopes are {', '.join(SCOPES)}.", param_hint="--scope")
    secret = new_key()
    with psycopg.connect(_database_url()) as conn:
        store.keys.insert_key(
            conn, id=uuid7(), name=name, prefix=secret[:8], digest=digest(secret), scopes=sorted(set(scopes))
        )
    click.echo(secret)


def _database_url() -> str:
    url = load_settings().database_url
    if not url:
        raise click.ClickException("Set DATABASE_URL to the PostgreSQL to use.")
    return url
