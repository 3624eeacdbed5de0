"""`policytrail keys`: API keys, from the machine of the database."""

from datetime import UTC, datetime
from uuid import UUID

import click
import psycopg

from service import clock
from service.cli.common import database_url


@click.group("keys")
def key_commands() -> None:
    """Create, list and revoke API keys."""


def _public_name(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    """Return a public name as the API takes it."""
    from schemas.keys import KEY_NAME

    if name is not None and (error := KEY_NAME.error_in(name)):
        raise click.BadParameter(error)
    return name


@key_commands.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="Scope of the key. Repeat it for several.")
@click.option("--public-name", callback=_public_name, help="Author that readers of revisions see. None by default.")
@click.option("--expires", type=click.DateTime(), help="When the key expires, in UTC. Never by default.")
def create_key(name: str, scopes: tuple[str, ...], public_name: str | None, expires: datetime | None) -> None:
    """Create a key and print it. It is not shown again."""
    from schemas.keys import KEY_NAME, Scope
    from service import store
    from service.ids import PREFIX_LENGTH, digest, new_key, uuid7

    if fault := KEY_NAME.error_in(name):
        raise click.BadParameter(fault, param_hint="NAME")
    all_scopes = Scope.words()
    if unknown := set(scopes) - set(all_scopes):
        raise click.BadParameter(
            f"{', '.join(sorted(unknown))}: scopes are {', '.join(all_scopes)}.", param_hint="--scope"
        )
    expires_at = expires.replace(tzinfo=UTC) if expires else None
    if expires_at and expires_at <= clock.now():
        raise click.BadParameter("must be in the future.", param_hint="--expires")
    secret = new_key()
    with psycopg.connect(database_url()) as conn:
        store.keys.insert_key(
            conn,
            id=uuid7(),
            name=name,
            public_name=public_name,
            prefix=secret[:PREFIX_LENGTH],
            digest=digest(secret),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
    click.echo(secret)


@key_commands.command("list")
def list_keys() -> None:
    """List all keys, also revoked and expired ones, with tabs between the columns."""
    from service import store

    click.echo("id\tprefix\tscopes\tcreated\texpires\trevoked\tlast used\tname")
    with psycopg.connect(database_url()) as conn:
        for key in store.keys.all_keys(conn):
            times = (key.created_at, key.expires_at, key.revoked_at, key.last_used_at)
            columns = (f"{time.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if time else "-" for time in times)
            click.echo("\t".join([str(key.id), key.prefix, ",".join(key.scopes), *columns, key.name]))


@key_commands.command("publish")
@click.argument("key_id", metavar="ID", type=click.UUID)
@click.argument("public_name", required=False, callback=_public_name)
def set_public_name(key_id: UUID, public_name: str | None) -> None:
    """Show readers PUBLIC_NAME as the author of what the key ID wrote, or nothing without PUBLIC_NAME."""
    from service import store

    with psycopg.connect(database_url()) as conn:
        key = store.keys.publish_key(conn, key_id, public_name)
    state = f"public as {key.public_name}" if key.public_name else "not public"
    click.echo(f"{key.name} ({key.prefix}…) is {state}.")


@key_commands.command("revoke")
@click.argument("key_id", metavar="ID", type=click.UUID)
def revoke_key(key_id: UUID) -> None:
    """Revoke a key. A running service may accept it for up to five more seconds."""
    from service import store

    with psycopg.connect(database_url()) as conn:
        key = store.keys.revoke_key(conn, key_id)
    click.echo(f"{key.name} ({key.prefix}…) is revoked.")
