"""Running servers: the service, its peer, and gunicorn with an empty app."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from service.config import ROOT, environment_name

#: Seconds that a server may take to start, and to stop.
START_WITHIN, STOP_WITHIN = 30, 25

WORKERS = 2

_GUNICORN = ("-m", "gunicorn", "-c", "gunicorn.conf.py")
_UVICORN = ("-m", "uvicorn", "benchmarks.peer.app:app", "--loop", "uvloop", "--http", "httptools", "--no-access-log")


class NotServing(Exception):
    """A server did not start to answer."""


@contextmanager
def service(database: str) -> Iterator[str]:
    """The URL of the service under its own gunicorn.conf.py, until the block ends."""
    with _gunicorn("service.wsgi:app", database, "/readyz") as url:
        yield url


@contextmanager
def without_words(database: str) -> Iterator[str]:
    """The URL of the service without full-text search, likewise."""
    with _gunicorn("benchmarks.search.without_words:app", database, "/readyz") as url:
        yield url


@contextmanager
def empty(database: str) -> Iterator[str]:
    """The URL of an empty app under the same gunicorn.conf.py, until the block ends."""
    with _gunicorn("benchmarks.empty:app", database, "/") as url:
        yield url


@contextmanager
def peer(database: str) -> Iterator[str]:
    """The URL of the peer under uvicorn, until the block ends."""
    port = _free_port()
    options = ["--workers", str(WORKERS), "--port", str(port), "--log-level", "warning"]
    with _running([*_UVICORN, *options], {"DATABASE_URL": database}, port, "/v1/events?limit=1") as url:
        yield url


@contextmanager
def _gunicorn(app: str, database: str, path: str) -> Iterator[str]:
    port = _free_port()
    settings = {
        environment_name("database_url"): database,
        environment_name("port"): str(port),
        environment_name("workers"): str(WORKERS),
        environment_name("public_read"): "true",
        # A limit would end the measurement; the cost of counting stays in.
        environment_name("rate_limit"): "1000000000/minute",
        environment_name("public_rate_limit"): "1000000000/minute",
    }
    with _running([*_GUNICORN, app], settings, port, path) as url:
        yield url


@contextmanager
def _running(arguments: list[str], environment: Mapping[str, str], port: int, path: str) -> Iterator[str]:
    """Run Python with `arguments` until the block ends; the URL is there once `path` answers."""
    # A session of its own: Ctrl-C is for the parent, which stops servers in order. The log is written and discarded.
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**_own_environment(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _await(process, url + path)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _own_environment() -> dict[str, str]:
    """Return the environment without settings of the service, so that defaults are measured."""
    settings = ("POLICYTRAIL_", "PROMETHEUS_", "COVERAGE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(settings)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    direct = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise NotServing(f"{' '.join(map(str, process.args[1:]))} does not answer. Run it by hand to see why.")  # type: ignore[index]  # the list given above
