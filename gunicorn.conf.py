"""gunicorn's configuration. Everything that may differ between machines is a setting of the service."""

import os
import shutil
import sys
import tempfile
from typing import Any

from service.observability import log_stream

# Before gunicorn makes its own log, and in the process from which its workers are forked.
log_stream.protect("stderr")

# Heartbeats must not wait for a disk, and a process that counts in a file on a full one is killed by SIGBUS.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (mkdtemp makes the folder in it)

# prometheus_client decides on import whether it counts for one process or for many, so this precedes the imports.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="policytrail-metrics-", dir=_MEMORY)
_METRICS = os.environ["PROMETHEUS_MULTIPROC_DIR"]

from service.config import load_settings  # noqa: E402 (see above)
from service.http import rolling_reload  # noqa: E402 (see above)
from service.observability import opentelemetry  # noqa: E402 (see above)

_settings = load_settings()
if _settings.otel and (missing := opentelemetry.missing_extra()):
    sys.exit(missing)

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = "service.http.gevent_worker.ApiWorker"
worker_connections = 1000
keepalive = 30
timeout = 60
graceful_timeout = 20
# gunicorn's own limit is half of this: too short for a long `next`. A longer line gets 414.
limit_request_line = _settings.max_request_line
limit_request_fields = _settings.max_headers
limit_request_field_size = _settings.max_header_bytes
# No header of a client, one on this machine included, names the scheme or the path of a request. The service itself
# believes as many proxies as POLICYTRAIL_TRUSTED_PROXIES says.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
# Unused, and its path is the same for every instance of one user.
control_socket_disable = True
# Errors only: the service itself logs a line a request.
accesslog = None
loglevel = "warning"
worker_tmp_dir = _MEMORY


def on_starting(server: Any) -> None:
    """Let SIGHUP replace one worker after the other; gunicorn has no setting for it."""
    server.reload = rolling_reload.RollingReload(server)


def post_worker_init(worker: Any) -> None:
    """Connect to the database in the process that uses the connections, before it accepts requests."""
    if _settings.otel:
        opentelemetry.instrument(worker.app.callable)
    database = worker.app.callable.extensions["policytrail"].database
    database.open()
    database.await_connection()


def worker_exit(_server: Any, worker: Any) -> None:
    """Close the connections."""
    if worker.app.callable is not None:
        worker.app.callable.extensions["policytrail"].database.close()


def child_exit(_server: Any, worker: Any) -> None:
    """Drop the live gauges of a worker that ended."""
    from prometheus_client import multiprocess  # noqa: PLC0415 (in the master only, and only here)

    multiprocess.mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    """Delete the counters, so that the next run starts from zero."""
    shutil.rmtree(_METRICS, ignore_errors=True)
