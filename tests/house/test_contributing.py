"""CONTRIBUTING.md shows the rooms, the layers and the commands as they are."""

import re
import tomllib

import pytest

from tests.servers import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_rooms_are_the_layers_of_import_linter() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    rooms = [
        (number, name)
        for number, names in re.findall(r"^\| (\d+) \| (.*?) \|", PAGE, re.MULTILINE)
        for name in re.findall(r"`service/(\w+)(?:/|\.py)`", names)
    ]
    expected = [(str(number), name) for number, layer in enumerate(layers, 1) for name in layer.split(" | ")]
    assert sorted(rooms, key=lambda room: int(room[0])) == rooms
    assert sorted(rooms) == sorted(expected)


def test_every_command_is_a_target_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", PAGE)) | set(re.findall(r"`(bench-\w+)`", PAGE)) <= targets


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "DECISIONS.md", "README.md", "docs/follow.md"])
def test_every_file_that_is_named_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    names = re.findall(r"`((?:service|schemas|tools|tests|docs|benchmarks|migrations)/[\w./-]+)`", text)
    assert [name for name in names if not (ROOT / name).exists()] == []
