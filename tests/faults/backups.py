"""Backups of a server, and their return in its place."""

from pathlib import Path

import psycopg

from service.db.embedded_postgres import Server, _run, start
from tests.deliveries import wait_for
from tests.faults.conftest import OPTIONS


def back_up(server: Server, name: str) -> Path:
    """Copy the running server, as a standby would have it at this moment, and return the copy's folder."""
    copy = server.directory / name
    run_program(
        server, "pg_basebackup", f"--dbname={server.dsn()}", f"--pgdata={copy}", "--checkpoint=fast", "--no-sync"
    )
    return copy


def fail_over(server: Server, copy: Path) -> None:
    """Kill the server and let the copy take its place, promoted: what was written since the copy is lost."""
    (copy / "recovery.signal").touch()
    with (copy / "postgresql.auto.conf").open("a") as settings:
        settings.write("restore_command = 'false'\n")
    server.stop("immediate")
    data = server.directory / "data"
    data.rename(server.directory / f"lost-{copy.name}")
    copy.rename(data)
    start(server.directory, options=OPTIONS)
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        wait_for(lambda: conn.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,))


def run_program(server: Server, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs as the server's user, who owns what it writes."""
    _run(server.directory, program, *arguments)
