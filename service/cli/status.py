"""`policytrail status`: the backlog of the change feed and of the webhooks."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import click
import psycopg

from service import clock
from service.cli.common import database_url
from service.config import load_settings

if TYPE_CHECKING:
    from service.store.feed import FeedLag
    from service.store.webhooks.leases import LiveWorker
    from service.store.webhooks.maintenance import Health


@click.command("status")
def status_command() -> None:
    """Show the backlog of the change feed and of the webhooks, and the state of the workers."""
    from rich.console import Console
    from rich.table import Table

    from service import store
    from service.db.pool import compare_clocks

    with psycopg.connect(database_url()) as conn:
        compare_clocks(conn)
        lag, health = store.feed.get_feed_lag(conn), store.webhooks.maintenance.get_health(conn)
        workers = store.webhooks.leases.list_live_workers(conn, alive_for=load_settings().webhook_lease)
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(lag, health, workers, clock.now()):
        table.add_row(name, value)
    Console().print(table)


def _rows(lag: "FeedLag", health: "Health", workers: "list[LiveWorker]", now: datetime) -> Iterable[tuple[str, str]]:
    """Yield names and values."""
    yield "changes numbered", f"{lag.seq:,}, kept from {lag.floor + 1:,} on"
    yield "writes without a number", f"{lag.waiting:,}{_age(lag.oldest_waiting, now)}"
    yield "changes not matched", f"{lag.seq - lag.matched:,}{_age(lag.oldest_unmatched, now)}"
    yield "deliveries due", f"{health.due:,}{_age(health.oldest_due, now)}"
    yield "late by a minute", f"{health.late:,}"
    yield "due or to be tried again", f"{health.waiting:,}"
    yield "webhooks", f"{health.subscriptions:,}, {health.failing:,} failing, {health.disabled:,} disabled"
    yield "workers", f"{len(workers):,}" if workers else "none: nothing is sent"
    stalled = {loop for worker in workers for loop in worker.measured.get("stalled_loops", [])}
    if stalled:
        yield "stalled loops", f"{', '.join(sorted(stalled))}: restart their workers"
    attempts = Counter[str]()
    for worker in workers:
        attempts.update(worker.measured.get("attempts", {}))
    outcomes = ", ".join(f"{number:,} {outcome}" for outcome, number in attempts.most_common())
    yield "attempts since they began", outcomes or "none"
    for name in ("p50", "p99"):
        times = [worker.measured.get("first_attempt_ms", {}).get(name) for worker in workers]
        yield f"from write to first attempt, {name}", ", ".join(f"{time:,} ms" for time in times if time) or "unknown"


def _age(since: datetime | None, now: datetime) -> str:
    return f", the oldest for {max(0.0, (now - since).total_seconds()):,.1f} s" if since else ""
