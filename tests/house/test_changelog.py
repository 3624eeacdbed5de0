"""CHANGELOG.md lists the release that pyproject.toml names, and sorts its entries."""

import re
import tomllib

from tests.servers import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_the_newest_release_is_the_version_of_the_project() -> None:
    versions = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert versions[0] == project["version"]
    assert versions == sorted(versions, reverse=True)


def test_every_entry_is_added_changed_or_fixed() -> None:
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= {"Added", "Changed", "Fixed"}
    upgrade = (ROOT / "docs" / "upgrade.md").read_text()
    assert "## From 0.1 to 0.2.0" in upgrade
