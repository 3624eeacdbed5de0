"""The processes of `policytrail run`: started in order, watched, and stopped in the reverse order."""

import fcntl
import json
import os
import shlex
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import OpenerDirector, ProxyHandler, build_opener

import click
import psycopg

from service import clock, store
from service.cli.part import Part, PostgresPart, ProcessPart, Restarts
from service.cli.seed import seed_database
from service.config import MIGRATIONS, ROOT, SEEDS, Settings, environment_name
from service.db.migrations import migrate
from service.db.pool import compare_clocks
from service.ids import digest, new_key, uuid7
from service.observability import log_stream
from service.observability.readiness import report_ready
from service.search.index.reindex import index_events

#: Settings for a service on one's own machine, unless the environment sets them: public reading, and webhooks to
#: receivers on the machine itself.
LOCAL_SETTINGS = {
    environment_name("public_read"): "true",
    environment_name("webhook_private_networks"): "127.0.0.0/8,::1/128",
    environment_name("webhook_http_networks"): "127.0.0.0/8,::1/128",
}

#: Seconds in which the parts must be ready, and between two looks at the parts.
START_TIMEOUT, LOOK_INTERVAL = 60, 0.2


def run_everything(settings: Settings) -> None:
    """Start PostgreSQL (unless DATABASE_URL names one), migrate, seed and serve, until a signal ends it.

    A part that ends is started again; the start itself fails with the first part that does.
    """
    log_stream.protect("stdout", "stderr")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        stack.enter_context(_lock(settings.data_dir))
        _require_free_port(settings)
        url, parts = settings.database_url, list[Part]()
        if not url:
            postgres = PostgresPart(settings.data_dir / "postgres")
            parts.append(stack.enter_context(_started(postgres)))
            url = postgres.dsn("policytrail")
            _create_database(postgres)
        secret = _prepare(url, settings.data_dir)
        environment = {"DATABASE_URL": url} | {
            name: os.environ.get(name, value) for name, value in LOCAL_SETTINGS.items()
        }
        gunicorn = ["-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "service.wsgi:app"]
        for part in (
            ProcessPart("The API", gunicorn, environment),
            ProcessPart("The webhook worker", ["-m", "service", "work"], environment),
        ):
            parts.append(stack.enter_context(_started(part)))
        _await_ready(parts, settings, stop)
        if not stop.is_set():
            click.echo(_greeting(settings, secret))
            report_ready()
        restarts = [Restarts(part) for part in parts]
        while not stop.wait(LOOK_INTERVAL):
            for one in restarts:
                one.check(time.monotonic())
        click.echo("Stopping.", err=True)


@contextmanager
def _started(part: Part) -> Iterator[Part]:
    """`part`, which is stopped when the block ends."""
    try:
        part.start()
        yield part
    finally:
        part.stop()


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Lock `directory`, so that a second run does not stop the processes of the first."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(f"Policytrail is already running with {directory}.") from error
        yield


def _require_free_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise click.ClickException(f"Port {settings.port} is in use; choose another one with PORT=….") from error


def _create_database(postgres: PostgresPart) -> None:
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as conn:
        if conn.execute("SELECT FROM pg_database WHERE datname = 'policytrail'").fetchone() is None:
            conn.execute("CREATE DATABASE policytrail")


def _prepare(url: str, directory: Path) -> str:
    """Migrate and seed the database, and return the admin key. A new key is stored in a file."""
    with psycopg.connect(url, autocommit=True) as conn:
        migrate(conn, MIGRATIONS)
        index_events(conn)
        compare_clocks(conn)
        with conn.transaction():
            seed_database(conn, SEEDS, clock.now())
        return _admin_key(conn, directory / "admin.key")


def _admin_key(conn: psycopg.Connection, file: Path) -> str:
    if file.exists():
        secret = file.read_text().strip()
        if store.keys.find_key(conn, digest(secret)):
            return secret
    secret = new_key()
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as key_file:  # noqa: PTH123 (never readable by others)
        key_file.write(secret + "\n")
    store.keys.insert_key(
        conn, id=uuid7(), name="admin of make run", prefix=secret[:8], digest=digest(secret), scopes=["admin"]
    )
    return secret


def _await_ready(parts: Sequence[Part], settings: Settings, stop: threading.Event) -> None:
    """Wait until every part is ready or `stop` is set. ClickException if one ends before."""
    direct = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_TIMEOUT
    while not stop.is_set():
        for part in parts:
            if how := part.end():
                raise click.ClickException(f"{part.name} has ended during the start ({how}); see its lines above.")
        late = next((part.name for part in parts if not part.is_ready()), None)
        if late is None and _answers(direct, settings):
            return
        if time.monotonic() > deadline:
            raise click.ClickException(f"{late or 'The API'} does not become ready; see its lines above.")
        stop.wait(0.05)


def _answers(direct: OpenerDirector, settings: Settings) -> bool:
    try:
        with direct.open(_base_url(settings) + "/readyz", timeout=2):
            return True
    except (URLError, OSError):
        return False


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
            f"Policytrail is running at {base}. Ctrl-C stops it; its data stay in {settings.data_dir}.",
            f"The admin key is {secret}, stored in {key_file}.",
            "Webhooks: `python3 examples/receiver.py` creates one and prints its deliveries. Try these commands:",
            "",
            f"curl -s '{base}/v1/events?party=JP'",
            f"curl -s '{base}/v1/topics?limit=5'",
            f"curl -s '{base}/v1/events' {headers} -d '{new}'",
            "",
        ]
    )
