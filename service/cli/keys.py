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


@key_commands.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="Scope of the key. Repeat it for several.")
@click.option("--expires", type=click.DateTime(), help="When the key expires, in UTC. Never by default.")
def create_key(name: str, scopes: tuple[str, ...], expires: datetime | None) -> None:
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


@key_commands.command("revoke")
@click.argument("key_id", metavar="ID", type=click.UUID)
def revoke_key(key_id: UUID) -> None:
    """Revoke a key. A running service may accept it for up to five more seconds."""
    from service import store

    with psycopg.connect(database_url()) as conn:
        key = store.keys.revoke_key(conn, key_id)
    click.echo(f"{key.name} ({key.prefix}…) is revoked.")
