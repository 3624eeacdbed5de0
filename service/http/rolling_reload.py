"""gunicorn's reload by SIGHUP, one worker after the other: an old one ends when a new one accepts connections.

gunicorn itself stops all old workers as soon as the new ones are forked, which then load the service for seconds.
"""

import os
import signal
import sys
import time
from functools import partial
from queue import Empty
from types import ModuleType
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

#: Seconds in which a new worker must accept connections, however busy the machine is.
BOOT_TIMEOUT = 120.0

#: Signals that end a reload, because they end the server.
_ENDING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})

#: Modules that new workers load anew, as their files may be of a new version; but the log stays the one in use.
_PACKAGES, _KEPT = ("service", "schemas"), "service.observability.log_stream"


class ReloadError(Exception):
    """The reload cannot go on."""


class RollingReload:
    """The reload of one server. Old workers stay if a new one does not start."""

    def __init__(self, server: Any) -> None:
        """`server` is gunicorn's arbiter."""
        self._server = server
        self._ending: set[int] = set()

    def __call__(self) -> None:
        """Read the configuration again, and replace the workers."""
        server = self._server
        self._ending = set()
        modules = _forget_modules()
        server.spawn_worker = partial(self._replace_one, server.worker_age)
        try:
            Arbiter.reload(server)
        except (ReloadError, HaltServer, SystemExit) as error:
            if os.getpid() != server.pid:  # a new worker, which ends here
                raise
            sys.modules.update(modules)
            server.app.cfg = server.cfg  # a configuration that cannot be read leaves half of one
            server.log.error("The reload has failed; former workers go on: %s", error)  # noqa: TRY400 (no fault of ours)
        finally:
            del server.spawn_worker

    def _replace_one(self, newest: int) -> None:
        """Start a worker, and stop the oldest of those up to the age `newest` when the new one accepts connections."""
        self._await_accepting(Arbiter.spawn_worker(self._server))
        workers = self._server.WORKERS.values()
        old = [worker for worker in workers if worker.age <= newest and worker.pid not in self._ending]
        if old:
            oldest = min(old, key=lambda worker: worker.age).pid
            self._ending.add(oldest)
            self._server.kill_worker(oldest, signal.SIGTERM)

    def _await_accepting(self, pid: int) -> None:
        """Wait until the worker `pid` accepts connections. ReloadError if it does not."""
        server = self._server
        deadline = time.monotonic() + BOOT_TIMEOUT
        # The file of a worker has the time of day until the worker gives its first sign of life, in seconds since the
        # machine's start. It does so when it has begun to accept.
        while server.WORKERS[pid].tmp.last_update() > time.monotonic():
            time.sleep(0.05)
            server.reap_workers()
            server.murder_workers()
            if pid not in server.WORKERS:
                raise ReloadError("a new worker has ended")
            if time.monotonic() > deadline:
                server.kill_worker(pid, signal.SIGKILL)
                raise ReloadError("a new worker does not start")
            if self._is_server_ending():
                raise ReloadError("the server is stopping")

    def _is_server_ending(self) -> bool:
        """Return whether a signal that ends the server waits for its turn."""
        signals: list[int] = []
        try:
            while True:
                signals.append(self._server.SIG_QUEUE.get_nowait())
        except Empty:
            for number in signals:
                self._server.SIG_QUEUE.put_nowait(number)
        return not _ENDING.isdisjoint(signals)


def _forget_modules() -> dict[str, ModuleType]:
    """Forget the modules of the service, and return them by name."""
    names = [name for name in sys.modules if name.partition(".")[0] in _PACKAGES and name != _KEPT]
    return {name: sys.modules.pop(name) for name in names}
