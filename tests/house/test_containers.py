"""Dockerfile, .dockerignore and docker-compose.yml: no engine runs here, so they are read, and what they run is run."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from service.config import Settings
from service.db import embedded_postgres
from service.db.embedded_postgres import Server
from service.webhooks.leases import MARGIN
from tests.containers import (
    COMPOSE_YML,
    DOCKERIGNORE,
    FROM,
    IMAGE_ENVIRONMENT,
    LIBPQ,
    ONLY_PYTHONS_OWN,
    PASSWORD,
    POSTGRES_IMAGE,
    ROOT,
    SETTINGS,
    STEPS,
    argv,
    by_tcp,
    compose,
    copies,
    files_in,
    final,
    finished,
    instructions,
    is_ignored,
    seconds,
    started,
)
from tests.servers import START_WITHIN, free_port


@pytest.fixture(scope="session")
def services() -> dict[str, Any]:
    """The services, as docker-compose understands them."""
    done = compose(COMPOSE_YML, "config", "--format", "json", POSTGRES_PASSWORD=PASSWORD)
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The image's /app: what the Dockerfile copies there and nothing else."""
    for source, target in copies(final("COPY")):
        for file in files_in(source):
            inside = file.relative_to(source) if (ROOT / source).is_dir() else Path(file.name)
            place = tmp_path / "app" / target / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, place)
    (tmp_path / "sitecustomize.py").write_text(ONLY_PYTHONS_OWN)
    return tmp_path / "app"


@pytest.fixture
def postgres(admin: psycopg.Connection, services: dict[str, Any]) -> Iterator[None]:
    """The role and the empty database that the image of PostgreSQL makes on its first start."""
    environment = services["postgres"]["environment"]
    database, user = Identifier(environment["POSTGRES_DB"]), Identifier(environment["POSTGRES_USER"])
    admin.execute(SQL("CREATE ROLE {} LOGIN").format(user))
    admin.execute(SQL("CREATE DATABASE {} OWNER {}").format(database, user))
    yield
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(database))
    admin.execute(SQL("DROP ROLE {}").format(user))


def test_docker_compose_accepts_the_file_without_a_warning() -> None:
    done = compose(COMPOSE_YML, "config", "--quiet", POSTGRES_PASSWORD=PASSWORD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("read_only:", "readonly:", "additional properties 'readonly' not allowed"),
        ("service_healthy", "service_well", "condition value must be one of"),
        ("migrate:\n        condition", "migration:\n        condition", 'undefined service "migration"'),
        ("postgres:/var/lib", "postgresql:/var/lib", "undefined volume postgresql"),
        ("interval: 2s", "interval: soon", "interval"),
        ("127.0.0.1:${PORT:-8000}", "127.0.0.1:${PORT:-http}", "invalid hostPort: http"),
    ],
)
def test_docker_compose_refuses_a_broken_file(right: str, wrong: str, told: str) -> None:
    assert right in COMPOSE_YML
    done = compose(COMPOSE_YML.replace(right, wrong), "config", "--quiet", POSTGRES_PASSWORD=PASSWORD)
    assert done.returncode != 0
    assert told in done.stderr


def test_docker_compose_requires_the_password() -> None:
    done = compose(COMPOSE_YML, "config", "--quiet")
    assert done.returncode != 0
    assert "Set POSTGRES_PASSWORD" in done.stderr


def test_continued_lines_of_a_dockerfile_are_joined() -> None:
    read = instructions('# one\nFROM a:1\n\nRUN b \\\n# two\n    && c\nCMD ["d"]\n')
    assert read == [("FROM", "a:1"), ("RUN", "b && c"), ("CMD", '["d"]')]


def test_every_image_from_outside_is_pinned_by_a_tag(services: dict[str, Any]) -> None:
    sources = [STEPS[number].value.split(" AS ") for number in FROM]
    stages = {stage for _, *names in sources for stage in names}
    outside = {image for image, *_ in sources} - stages | {services["postgres"]["image"]}
    assert [image for image in outside if not re.fullmatch(r"[a-z/]+:\d[\w.-]*", image)] == []


def test_the_image_runs_as_a_fixed_user_who_is_not_root() -> None:
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", final("USER")[-1])


def test_docker_runs_gunicorn_and_the_health_check_without_a_shell_between() -> None:
    assert argv("CMD")[0] == "gunicorn"
    assert argv("HEALTHCHECK")[0] == "python"


def test_every_copied_file_exists_and_reaches_the_build() -> None:
    copied = {source: files_in(source) for source, _ in copies([step.value for step in STEPS if step.name == "COPY"])}
    assert [source for source, files in copied.items() if not files] == []
    assert [file for files in copied.values() for file in files if is_ignored(file, DOCKERIGNORE)] == []


def test_the_build_requirements_are_pinned_by_version_and_hash() -> None:
    [step] = [step.value for step in STEPS if step.name == "RUN" and "setuptools==" in step.value]
    pinned = subprocess.run(
        ["sh", "-c", step.partition(" > ")[0]], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"setuptools==[\d.]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n", pinned.stdout)


@pytest.mark.parametrize(
    "path", [".policytrail/admin.key", ".git/config", ".env", ".venv/bin/python", "service/store/__pycache__/a.pyc"]
)
def test_private_files_do_not_reach_the_build(path: str) -> None:
    assert is_ignored(Path(path), DOCKERIGNORE)


def test_every_environment_variable_is_used(services: dict[str, Any]) -> None:
    asked = json.loads(compose(COMPOSE_YML, "config", "--variables", "--format", "json").stdout)
    assert asked.keys() <= SETTINGS | POSTGRES_IMAGE
    assert IMAGE_ENVIRONMENT.keys() <= SETTINGS | {"PATH"}
    assert services["postgres"]["environment"].keys() <= POSTGRES_IMAGE
    assert services["migrate"]["environment"].keys() <= SETTINGS | LIBPQ
    assert services["api"]["environment"].keys() <= SETTINGS | LIBPQ
    assert services["worker"]["environment"].keys() <= SETTINGS | LIBPQ


def test_the_service_uses_the_database_that_postgres_creates(services: dict[str, Any]) -> None:
    made = services["postgres"]["environment"]
    for name in ("migrate", "api", "worker"):
        told = services[name]["environment"]
        assert conninfo_to_dict(told["DATABASE_URL"]) == {
            "host": "postgres",
            "user": made["POSTGRES_USER"],
            "dbname": made["POSTGRES_DB"],
        }
        assert told["PGPASSWORD"] == made["POSTGRES_PASSWORD"] == PASSWORD


def test_the_data_are_in_a_volume_at_the_path_of_postgres_18(services: dict[str, Any]) -> None:
    volumes = services["postgres"]["volumes"]
    assert [(volume["type"], volume["target"]) for volume in volumes] == [("volume", "/var/lib/postgresql")]


def test_the_containers_of_the_service_have_no_extra_privileges(services: dict[str, Any]) -> None:
    for name in ("migrate", "api", "worker"):
        allowed = {option: services[name][option] for option in ("read_only", "tmpfs", "cap_drop", "security_opt")}
        assert allowed == {
            "read_only": True,
            "tmpfs": ["/tmp"],  # noqa: S108 (a container's own)
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
        }


def test_only_the_port_of_the_api_is_published_and_only_on_loopback(services: dict[str, Any]) -> None:
    port = IMAGE_ENVIRONMENT["PORT"]
    assert final("EXPOSE")[-1] == port
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    loopback = {"mode": "ingress", "host_ip": "127.0.0.1", "target": int(port), "published": "8000", "protocol": "tcp"}
    assert published == {"api": [loopback]}


def test_the_health_check_of_the_image_asks_the_worker_too(services: dict[str, Any]) -> None:
    assert services["worker"]["environment"]["POLICYTRAIL_WORKER_METRICS_PORT"] == IMAGE_ENVIRONMENT["PORT"]
    assert "healthcheck" not in services["worker"]


def test_docker_waits_longer_than_gunicorn_for_requests_in_progress(services: dict[str, Any]) -> None:
    graceful = re.search(r"^graceful_timeout = (\d+)$", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    assert graceful
    assert seconds(services["api"]["stop_grace_period"]) > int(graceful[1])


def test_docker_waits_longer_than_the_worker_for_attempts_in_flight(services: dict[str, Any]) -> None:
    assert seconds(services["worker"]["stop_grace_period"]) > Settings().webhook_timeout + MARGIN


def test_the_commands_of_compose_are_the_tested_ones(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if service["entrypoint"]] == []
    assert [name for name, service in services.items() if service["command"]] == ["migrate", "worker"]
    assert [name for name, service in services.items() if "test" in service.get("healthcheck", {})] == ["postgres"]
    assert [step for step in STEPS if step.name in ("ENTRYPOINT", "ONBUILD")] == []


@pytest.mark.usefixtures("postgres")
def test_the_commands_of_compose_work_with_the_files_of_the_image(
    app: Path, cluster: Server, services: dict[str, Any]
) -> None:
    files = sorted(app.rglob("*"))
    port = {"PORT": str(free_port())}
    with by_tcp(cluster) as network:
        migrate, api, worker = services["migrate"], services["api"], services["worker"]
        assert finished(started(migrate["command"], app, migrate["environment"], network)) == (
            0,
            "".join(f"{file.name}\n" for file in sorted((ROOT / "migrations").glob("*.sql"))),
        )
        serving = started(argv("CMD"), app, api["environment"], network, port)
        own_port = str(free_port())
        metrics_port = {"POLICYTRAIL_WORKER_METRICS_PORT": own_port}
        working = started(worker["command"], app, worker["environment"], network, metrics_port)
        try:
            _await_health(serving, app, api["environment"] | port)
            with urlopen(f"http://127.0.0.1:{port['PORT']}/readyz") as ready:
                assert json.load(ready)["checks"] == {"database": "pass", "migrations": "pass"}
            _await_worker(app, worker["environment"], network)
            _await_health(working, app, worker["environment"] | {"PORT": own_port})
            for process, service in ((serving, api), (working, worker)):
                process.send_signal(signal.Signals[final("STOPSIGNAL")[-1]])
                assert process.wait(seconds(service["stop_grace_period"])) == 0
        finally:
            for process in (serving, working):
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
    assert sorted(app.rglob("*")) == files  # nothing was written there: the container's is read-only


def _await_health(serving: subprocess.Popen[str], app: Path, environment: Mapping[str, str | None]) -> None:
    deadline = time.monotonic() + START_WITHIN
    while True:
        status, said = finished(started(argv("HEALTHCHECK"), app, environment))
        if status == 0:
            return
        assert serving.poll() is None, serving.communicate()[0]
        assert time.monotonic() < deadline, said


def _await_worker(app: Path, *environment: Mapping[str, str | None]) -> None:
    deadline = time.monotonic() + START_WITHIN
    while "none: nothing is sent" in (said := finished(started(["policytrail", "status"], app, *environment))[1]):
        assert time.monotonic() < deadline, said


def test_the_health_check_fails_without_a_server(app: Path) -> None:
    status, said = finished(started(argv("HEALTHCHECK"), app, {"PORT": str(free_port())}))
    assert (status, said.splitlines()[-1]) == (
        1,
        "urllib.error.URLError: <urlopen error [Errno 111] Connection refused>",
    )


def test_postgres_is_healthy_once_it_answers_by_tcp(cluster: Server, services: dict[str, Any]) -> None:
    kind, program, *arguments = services["postgres"]["healthcheck"]["test"]
    command = [embedded_postgres._programs() / program, *arguments]
    assert kind == "CMD"
    with by_tcp(cluster) as network:
        port = {"PGPORT": network["PGPORT"]}
        assert subprocess.run(command, env=port, check=False).returncode == 0
    # As while the image sets up a new cluster: the server runs, but only its socket answers.
    assert subprocess.run(command, env=port, check=False).returncode == 2


def test_the_image_has_the_files_of_the_seed(app: Path, database: str) -> None:
    assert finished(started(["policytrail", "seed"], app, {"DATABASE_URL": database})) == (0, "Seeded.\n")
