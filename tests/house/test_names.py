"""Names: modules are nouns, a public name has one meaning, and a variable is never a bare participle."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from service.config import ROOT

FILES = [path for package in ("service", "schemas") for path in sorted((ROOT / package).rglob("*.py"))]
TREES = {path: ast.parse(path.read_text()) for path in FILES}

#: Modules in -ing that the field uses as nouns.
NOUNS = {"listing", "mapping", "ordering", "polling", "ranking", "signing", "spelling"}

#: Participles that say nothing of the value: use its noun (key, rows, event, match).
PARTICIPLES = {
    *("asked", "counted", "found", "given", "held", "joined", "kept", "known", "left", "made", "meant", "named"),
    *("read", "said", "seen", "sent", "shown", "taken", "told", "wanted", "written"),
}

#: Participles that are names of database columns, by file.
COLUMNS = {"service/store/search/documents.py": {"counted"}}

#: Public names in several files with one meaning, by the reason.
SAME_MEANING = {
    "an endpoint, and the function of the store that does its work": {
        "delete_event",
        "delete_topic",
        "get_delivery",
        "get_event",
        "get_event_by_external_id",
        "get_import",
        "get_key",
        "get_recovery",
        "get_revision",
        "get_topic",
        "merge_event",
        "retry_delivery",
        "rotate_secret",
    },
    "an endpoint, and the command that does the same": {"create_key", "list_keys", "revoke_key"},
    "a step of the worker's maintenance, and its statement in the store": {"advance_recovery", "disable_keyless"},
    "adds a concern to the Flask app": {"register"},
}


def test_a_module_is_a_noun() -> None:
    activities = {path.stem for path in FILES if path.stem.endswith("ing")}
    assert {name for name in activities if name.rpartition("_")[2] not in NOUNS} == set()


def test_the_nouns_in_ing_are_few_and_in_use() -> None:
    assert {name for name in NOUNS if not any(path.stem.endswith(name) for path in FILES)} == set()


def test_a_public_name_has_one_meaning() -> None:
    repeated = {name: files for name, files in _public_names().items() if len(files) > 1}
    unexplained = {name: files for name, files in repeated.items() if name not in set().union(*SAME_MEANING.values())}
    assert unexplained == {}
    assert set(chain(*SAME_MEANING.values())) - repeated.keys() == set(), "no longer in several files"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_variable_or_function_is_a_bare_participle(path: Path) -> None:
    forbidden = PARTICIPLES - COLUMNS.get(str(path.relative_to(ROOT)), set())
    assert [f"{name} in line {line}" for name, line in _bound_names(TREES[path]) if name in forbidden] == []


def _bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the names of variables, parameters and functions, each with its line; `read` is also a verb."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.removeprefix("_") != "read":
            yield node.name.removeprefix("_"), node.lineno


def _public_names() -> dict[str, list[str]]:
    """Return the files of each public function and class at the top level of a module."""
    names = defaultdict(list)
    for path, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                names[node.name].append(str(path.relative_to(ROOT)))
    return names
