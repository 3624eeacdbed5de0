"""The `policytrail` command."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
import psycopg
from environs import EnvError

from service.cli.export import export_command
from service.cli.feed import feed_commands
from service.cli.imports import import_files
from service.cli.index import index_command, tell
from service.cli.mapping import mapping_commands
from service.cli.mirror import mirror_command
from service.cli.status import status_command
from service.cli.worker import work_command
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
            faults = [fault.detail for fault in error.faults if fault.detail != error.detail]
            raise click.ClickException("\n".join([error.detail, *faults])) from error
        except psycopg.OperationalError as error:
            raise click.ClickException(f"The database cannot be reached: {error}") from error


@click.group(cls=Told)
@click.version_option(package_name="policytrail")
def main() -> None:
    """Policytrail: policy events with their evidence, over HTTP."""


main.add_command(export_command)
main.add_command(feed_commands)
main.add_command(import_files)
main.add_command(index_command)
main.add_command(mapping_commands)
main.add_command(mirror_command)
main.add_command(status_command)
main.add_command(work_command)


@main.command()
def run() -> None:
    """Run everything on this machine: PostgreSQL, migrations, the first record, the API."""
    from service.cli.run import run_everything  # noqa: PLC0415 (needs the extra `local`; the other commands do not)

    run_everything(load_settings())


@main.command()
def migrate() -> None:
    """Apply the migrations that are pending in DATABASE_URL, and let all events be found by their words."""
    from service.db import migrations  # noqa: PLC0415 (each command loads what it uses)
    from service.search.index import reindex  # noqa: PLC0415 (as above)

    with psycopg.connect(_database_url()) as conn:
        applied = migrations.migrate(conn, MIGRATIONS)
        indexed = reindex.index_events(conn, on_batch=tell)
    click.echo("\n".join(applied) or "Nothing to apply.")
    if indexed:
        click.echo(f"{indexed:,} events indexed.")


@main.command()
def seed() -> None:
    """Record the article's event in DATABASE_URL, if it is still empty."""
    from service.cli.seed import seed_database  # noqa: PLC0415 (as above)

    with psycopg.connect(_database_url()) as conn:
        seeded = seed_database(conn, SEEDS, datetime.now(UTC))
    click.echo("Seeded." if seeded else "There are records already; nothing was done.")


@main.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to the terminal."
)
def openapi(output: Path | None) -> None:
    """Print the OpenAPI description of the API."""
    from service import create_app  # noqa: PLC0415 (as above)
    from service.openapi.spec import to_yaml  # noqa: PLC0415 (as above)

    text = to_yaml(create_app(Settings()))
    if output:
        output.write_text(text)
    else:
        click.echo(text, nl=False)


@main.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to the terminal."
)
def postman(output: Path | None) -> None:
    """Print a Postman collection of the API."""
    from service import create_app  # noqa: PLC0415 (as above)
    from service.openapi.postman import to_json  # noqa: PLC0415 (as above)
    from service.openapi.spec import build_spec  # noqa: PLC0415 (as above)

    text = to_json(build_spec(create_app(Settings())))
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
@click.option("--expires", type=click.DateTime(), help="When it ends, in UTC; never when not given.")
def create_key(name: str, scopes: tuple[str, ...], expires: datetime | None) -> None:
    """Make a key, and show it this once."""
    from schemas.keys import Scope  # noqa: PLC0415 (as above)
    from service import store  # noqa: PLC0415 (as above)
    from service.ids import PREFIX_LENGTH, digest, new_key, uuid7  # noqa: PLC0415 (as above)

    if unknown := set(scopes) - set(Scope.words()):
        raise click.BadParameter(
            f"{', '.join(sorted(unknown))}: scopes are {', '.join(Scope.words())}.", param_hint="--scope"
        )
    expires_at = expires.replace(tzinfo=UTC) if expires else None
    if expires_at and expires_at <= datetime.now(UTC):
        raise click.BadParameter("must be in the future.", param_hint="--expires")
    secret = new_key()
    with psycopg.connect(_database_url()) as conn:
        store.keys.insert_key(
            conn,
            id=uuid7(),
            name=name,
            prefix=secret[:PREFIX_LENGTH],
            digest=digest(secret),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
    click.echo(secret)


@keys.command("list")
def list_keys() -> None:
    """List the keys, revoked and expired ones included, with a tab between columns."""
    from service import store  # noqa: PLC0415 (as above)

    click.echo("id\tprefix\tscopes\tcreated\texpires\trevoked\tlast used\tname")
    with psycopg.connect(_database_url()) as conn:
        for key in store.keys.all_keys(conn):
            times = (key.created_at, key.expires_at, key.revoked_at, key.last_used_at)
            shown = (f"{time.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if time else "-" for time in times)
            click.echo("\t".join([str(key.id), key.prefix, ",".join(key.scopes), *shown, key.name]))


@keys.command("revoke")
@click.argument("key_id", metavar="ID", type=click.UUID)
def revoke_key(key_id: UUID) -> None:
    """Revoke a key. A running service believes it for five seconds more at most."""
    from service import store  # noqa: PLC0415 (as above)

    with psycopg.connect(_database_url()) as conn:
        key = store.keys.revoke_key(conn, key_id)
    click.echo(f"{key.name} ({key.prefix}…) is revoked.")


def _database_url() -> str:
    url = load_settings().database_url
    if not url:
        raise click.ClickException("Set DATABASE_URL to the PostgreSQL to use.")
    return url
