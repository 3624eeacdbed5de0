"""CONTRIBUTING.md shows the rooms, the layers and the commands as they are."""

import re
import tomllib

from tests.serving import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_room_of_the_service_is_listed() -> None:
    rooms = {f"service/{path.parent.name}/" for path in (ROOT / "service").glob("*/__init__.py")}
    assert set(re.findall(r"`(service/\w+/)`", PAGE.partition("## Rules")[0])) == rooms


def test_the_rooms_stand_in_the_order_of_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    depth = {name: number for number, layer in enumerate(layers) for name in re.findall(r"service\.(\w+)", layer)}
    listed = re.findall(r"`service/(\w+)(?:/|\.py)`", PAGE.partition("`migrations/`")[0])
    assert [depth[name] for name in listed] == sorted(depth[name] for name in listed)


def test_every_command_is_a_target_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", PAGE)) | set(re.findall(r"`(bench-\w+)`", PAGE)) <= targets
