"""`policytrail run`: everything on one machine, started in order and stopped in the opposite one."""

import ctypes
import fcntl
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import click
import psycopg

from service import store
from service.cli.seed import seed_database
from service.config import MIGRATIONS, ROOT, SEEDS, Settings, environment_name
from service.db import embedded_postgres
from service.db.migrations import migrate
from service.ids import digest, new_key, uuid7
from service.search.index.reindex import index_events

#: What is open on one's own machine unless the environment says otherwise: reading, and webhooks to the machine itself.
OPEN = {
    environment_name("public_read"): "true",
    environment_name("webhook_private_networks"): "127.0.0.0/8,::1/128",
    environment_name("webhook_http_networks"): "127.0.0.0/8,::1/128",
}

#: Seconds that gunicorn has to begin to answer, and to finish what it is answering.
START_WITHIN, STOP_WITHIN = 30, 25

_PR_SET_PDEATHSIG = 1


def run_everything(settings: Settings) -> None:
    """Start PostgreSQL (unless DATABASE_URL names one), migrate, seed, serve; return when told to stop by a signal."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as started:
        started.enter_context(_only_one(settings.data_dir))
        _require_free_port(settings)
        url = settings.database_url or started.enter_context(_embedded_postgres(settings.data_dir))
        secret = _prepare(url, settings.data_dir)
        api = started.enter_context(
            _process(url, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "service.wsgi:app")
        )
        worker = started.enter_context(_process(url, "-m", "service", "work"))
        _await_ready(api, settings, stop)
        if not stop.is_set():
            click.echo(_greeting(settings, secret))
        while not stop.wait(0.2):
            for name, process in (("API", api), ("worker", worker)):
                if process.poll() is not None:
                    raise click.ClickException(f"The {name} has stopped by itself; its last lines above say why.")
        click.echo("Stopping.", err=True)


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Hold `directory` for this process, so that a second one does not stop what the first has started."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(f"Policytrail already runs with {directory}.") from error
        yield


def _require_free_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise click.ClickException(f"Port {settings.port} is taken; choose another with PORT=….") from error


@contextmanager
def _embedded_postgres(directory: Path) -> Iterator[str]:
    """A URL of the database in `directory`, served until the block ends."""
    server = embedded_postgres.start(directory / "postgres", options=embedded_postgres.spacious())
    try:
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            known = conn.execute("SELECT FROM pg_database WHERE datname = 'policytrail'").fetchone()
            if known is None:
                conn.execute("CREATE DATABASE policytrail")
        yield server.dsn("policytrail")
    finally:
        server.stop()


def _prepare(url: str, directory: Path) -> str:
    """Migrate and seed the database, and return the admin key: a new one, kept in a file, where there is none."""
    with psycopg.connect(url, autocommit=True) as conn:
        migrate(conn, MIGRATIONS)
        index_events(conn)
        with conn.transaction():
            seed_database(conn, SEEDS, datetime.now(UTC))
        return _admin_key(conn, directory / "admin.key")


def _admin_key(conn: psycopg.Connection, file: Path) -> str:
    if file.exists():
        kept = file.read_text().strip()
        if store.keys.find_key(conn, digest(kept)):
            return kept
    secret = new_key()
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept_in:  # noqa: PTH123 (a mode from the start)
        kept_in.write(secret + "\n")
    store.keys.insert_key(
        conn, id=uuid7(), name="admin of make run", prefix=secret[:8], digest=digest(secret), scopes=["admin"]
    )
    return secret


@contextmanager
def _process(url: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Python with `arguments`, until the block ends; then it may finish what it is at."""
    # Out of the terminal's group: Ctrl-C is for us, who stop things in order. If we are killed it is told to stop.
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url} | {name: os.environ.get(name, value) for name, value in OPEN.items()},
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 (no other thread runs yet)
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its own. They are told more than once: a worker that was just forked misses the first."""
    deadline = time.monotonic() + STOP_WITHIN
    while process.poll() is None:
        number = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _await_ready(api: subprocess.Popen[bytes], settings: Settings, stop: threading.Event) -> None:
    """Wait until the API answers /readyz, it ends, or `stop` is set."""
    direct = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_WITHIN
    while not stop.is_set() and api.poll() is None:
        try:
            with direct.open(_base_url(settings) + "/readyz", timeout=2):
                return
        except (URLError, OSError):
            if time.monotonic() > deadline:
                raise click.ClickException("The API does not become ready; its lines above say why.") from None
            stop.wait(0.05)


def _base_url(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 (compared, not bound)
    return f"http://{host}:{settings.port}"


def _greeting(settings: Settings, secret: str) -> str:
    base, key_file = _base_url(settings), (settings.data_dir / "admin.key").absolute()
    new = json.dumps(
        {
            "title": "A first event",
            "event_type": "announcement",
            "participants": [{"name": "Japan", "role": "party", "jurisdiction": "JP"}],
            "sources": [{"type": "web_page"}],
        }
    )
    headers = f"-H \"Authorization: Bearer $(cat {shlex.quote(str(key_file))})\" -H 'Content-Type: application/json'"
    return "\n".join(
        [
            f"Policytrail answers at {base}. Ctrl-C stops it; its data stay in {settings.data_dir}.",
            f"The admin key is {secret}, kept in {key_file}.",
            "Webhooks: `python3 examples/receiver.py` makes one, and shows what arrives. Three lines to begin with:",
            "",
            f"curl -s '{base}/v1/events?party=JP'",
            f"curl -s '{base}/v1/topics?limit=5'",
            f"curl -s '{base}/v1/events' {headers} -d '{new}'",
            "",
        ]
    )
