"""Promises of the whole repository."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from flask import Flask

from schemas.keys import Scope
from service import create_app
from service.config import Settings
from service.http.auth import ANY_SCOPE, requires
from service.openapi.spec import to_yaml
from tests.conftest import LONGEST

ROOT = Path(__file__).resolve().parents[2]

#: The routes without a key: those for operators, and the descriptions of the service.
WITHOUT_KEY = {
    *("/livez", "/readyz", "/metrics", "/problems/<code>", "/docs", "/docs/<digest>/<asset>"),
    *("/", "/v1", "/.well-known/api-catalog", "/openapi.json", "/openapi.yaml"),
}


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(Settings())


def test_every_route_has_a_contract(app: Flask) -> None:
    assert [
        rule.rule for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], "operation")
    ] == []


def test_every_route_but_the_public_ones_has_a_scope(app: Flask) -> None:
    scopes = {rule.rule: getattr(app.view_functions[rule.endpoint], "scope", None) for rule in app.url_map.iter_rules()}
    assert {rule for rule, scope in scopes.items() if scope is None} == WITHOUT_KEY
    assert {rule for rule, scope in scopes.items() if scope == ANY_SCOPE} == {"/v1/me"}
    assert {scope for scope in scopes.values() if scope} <= set(Scope.words())


def test_every_route_that_writes_requires_a_scope_for_writing(app: Flask) -> None:
    changing = [
        rule
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        and not getattr(app.view_functions[rule.endpoint], "operation").safe  # noqa: B009 (left there by @operation)
    ]
    assert changing
    scopes = {getattr(app.view_functions[rule.endpoint], "scope", None) for rule in changing}
    assert scopes <= set(Scope.words()) - {"events:read"}


def test_requires_stores_the_scope_on_the_view() -> None:
    assert requires("admin")(lambda: None).scope == "admin"  # type: ignore[attr-defined]  # as above


def test_openapi_yaml_is_current(app: Flask) -> None:
    assert (ROOT / "openapi.yaml").read_text() == to_yaml(app), "run `make openapi`"


def test_operation_ids_are_unique(app: Flask) -> None:
    paths = yaml.safe_load(to_yaml(app))["paths"]
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_no_file_of_code_is_much_longer_than_300_lines() -> None:
    assert [
        (name, lines) for name in _tracked("*.py") if (lines := len((ROOT / name).read_text().splitlines())) > 360
    ] == []


def test_the_longest_files_exist() -> None:
    assert [file for file in LONGEST if not (ROOT / file).is_file()] == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    # Written so that this file does not find itself.
    forbidden = re.compile(
        "py" + r"pi\.org|files\.pythonhosted|registry\.npmjs|/wo" + r"rk/(?:main|shared)|/ro" + "ot/"
    )
    found = [name for name in _tracked() if forbidden.search((ROOT / name).read_text(errors="replace"))]
    assert found == []


def _tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


#: Modules that read a clock of the machine: the one that compares it, and the one that reads Redis' times.
_CLOCK_READERS = {"clock.py", "http/rate_limit.py"}


def test_every_other_module_takes_the_time_from_the_databases_clock() -> None:
    readers = {
        str(path.relative_to(ROOT / "service"))
        for path in (ROOT / "service").rglob("*.py")
        if re.search(r"\btime\.time(_ns)?\b|datetime\.(now|utcnow|today)\(|date\.today\(", path.read_text())
    }
    assert readers == _CLOCK_READERS
