"""openapi.yaml, checked by independent tools: validity, style, truth, and a generated client."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml
from flask import Flask
from openapi_spec_validator import validate

from service import create_app, store
from service.config import Settings
from service.ids import digest
from service.openapi.spec import to_yaml
from tests.node import REDOCLY, run_node
from tests.servers import Served

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

#: Seconds after which schemathesis must be hanging: it ends by cases, and a busy machine takes long for them.
HUNG = 3600
#: The fewest cases that schemathesis must try.
LEAST_CASES = 2_000
#: The fewest links between operations that it must follow.
LEAST_LINKS = 20


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(Settings())


@pytest.fixture(scope="module")
def description(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description as a file."""
    file = tmp_path_factory.mktemp("openapi") / "openapi.yaml"
    file.write_text(to_yaml(app))
    return file


def test_openapi_yaml_is_valid(description: Path) -> None:
    validate(yaml.safe_load(description.read_text()))


def test_redocly_has_no_recommendation(description: Path) -> None:
    linted = run_node(REDOCLY, "lint", "--config", "tools/redocly.yaml", "--format", "json", description)
    assert linted.returncode == 0, linted.stdout
    assert json.loads(linted.stdout[linted.stdout.index("{") : linted.stdout.rindex("}") + 1])["problems"] == []


def test_every_operation_has_a_description_and_errors(description: Path) -> None:
    described = yaml.safe_load(description.read_text())
    tags = {tag["name"] for tag in described["tags"] if tag["description"]}
    wanting = [
        operation["operationId"]
        for path in described["paths"].values()
        for operation in path.values()
        if not (
            re.fullmatch("[a-z][a-zA-Z]+", operation["operationId"])
            and operation["summary"]
            and operation["description"]
            and set(operation["tags"]) <= tags
            and "security" in operation
            and {status[0] for status in operation["responses"]} >= {"2", "4", "5"}
        )
    ]
    assert wanting == []


def test_schemathesis_finds_no_deviation(
    description: Path, database: str, served: Served, key: str, tmp_path: Path
) -> None:
    with psycopg.connect(database) as conn:
        stored = store.keys.find_key(conn, digest(key))
    assert stored
    run = subprocess.run(
        [
            *(BIN / "schemathesis", "--config-file", ROOT / "tools" / "schemathesis.toml", "run", description),
            *("--url", served.url, "--header", f"Authorization: Bearer {key}"),
            # The hooks check use_after_free, except for records that remain by design.
            *("--checks", "all", "--exclude-checks", "use_after_free"),
            # The seed and the examples bound the run, not the clock: it takes its time on a busy machine.
            *("--seed", "3", "--max-examples", "15", "--no-color"),
            *("--generation-database", "none", "--request-timeout", "300"),
        ],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT / "tools"),
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "POLICYTRAIL_TEST_KEY_ID": str(stored.id),
            "COVERAGE_PROCESS_START": "",
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=HUNG,
    )
    assert run.returncode == 0, run.stdout
    assert _number(r"(\d+) generated", run.stdout) >= LEAST_CASES, run.stdout
    assert _number(r"API Links: +(\d+) covered", run.stdout) >= LEAST_LINKS, run.stdout


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    return int(match[1]) if match else 0


_USE = """
import sys
from generated_client import AuthenticatedClient
from generated_client.api.events import create_event, get_event
from generated_client.models import NewEvent

url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
sent = NewEvent.from_dict({
    "title": "A policy", "event_type": "announcement",
    "participants": [{"name": "Japan", "role": "party"}], "sources": [{"type": "web_page"}],
})
created = create_event.sync(client=client, body=sent)
read = get_event.sync(created.id, client=client)
assert read == created, (read, created)
print(read.title, read.version)
"""


def test_a_client_can_be_generated_and_creates_and_reads_an_event(
    description: Path, served: Served, key: str, tmp_path: Path
) -> None:
    generated = subprocess.run(
        [
            *(BIN / "openapi-python-client", "generate", "--path", description, "--meta", "none"),
            *("--config", ROOT / "tools" / "client.yaml", "--fail-on-warning"),
            *("--output-path", tmp_path / "generated_client"),
        ],
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "COVERAGE_PROCESS_START": ""},
        text=True,
        capture_output=True,
        check=False,
    )
    assert generated.returncode == 0, generated.stdout + generated.stderr
    used = subprocess.run(
        [sys.executable, "-c", _USE, served.url, key], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert (used.returncode, used.stdout) == (0, "A policy 1\n"), used.stderr
