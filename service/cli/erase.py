"""`policytrail erase`: removes everything that was stored about an event."""

from uuid import UUID

import click

from service.cli.common import database_url


@click.command("erase")
@click.argument("event_id", metavar="ID", type=click.UUID)
@click.option("--yes", is_flag=True, help="Erase without asking.")
def erase_command(event_id: UUID, *, yes: bool) -> None:
    """Erase an event: all its versions, and everything stored about them but a tombstone.

    The events that were merged into it are erased along. Followers of the change feed and webhooks are told to drop
    it; ask the owners of copies and backups to do the same. It cannot be undone.
    """
    import psycopg

    from service import store
    from service.db.pool import compare_clocks
    from service.events.erasure import erase_event

    if not yes:
        click.confirm(f"Erase the event {event_id} for ever?", abort=True)
    with psycopg.connect(database_url(), autocommit=True) as conn:
        compare_clocks(conn)
        current = store.events.records.follow_merges(conn, [event_id]).get(event_id, event_id)
        rows = erase_event(conn, event_id)
        store.erasure.vacuum(conn)
    if current != event_id:
        click.echo(f"It was merged into {current}, which keeps what it took over.", err=True)
    click.echo(
        f"Erased {rows.versions} versions, {rows.entries} entries of the feed, {rows.deliveries} deliveries,"
        f" {rows.answers} stored responses and {rows.import_errors} errors of imports."
    )
