"""openapi.yaml, checked by independent tools: validity, style, truth, and a generated client."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from openapi_spec_validator import validate

from tests.node import REDOCLY, run_node
from tests.servers import Served

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


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
