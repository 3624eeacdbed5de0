"""The documentation builds as a site: no link is broken, and no page loads anything from another server."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it; a warning is an error."""
    directory = tmp_path_factory.mktemp("site")
    command = ["sphinx", "--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "--conf-dir", "docs"]
    build = subprocess.run(
        [sys.executable, "-m", *command, "--doctree-dir", directory / "trees", ".", directory / "html"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (build.returncode, build.stderr) == (0, "")
    return directory / "html"


def test_the_site_begins_at_its_index(site: Path) -> None:
    [target] = re.findall(r'url=([^"]+)"', (site / "index.html").read_text())
    assert "<h1>Policytrail" in (site / target).read_text()


def test_every_page_has_its_place(site: Path) -> None:
    pages = {page.relative_to(ROOT).with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    assert [page for page in pages if not (site / page).is_file()] == []


def test_no_page_loads_anything_from_another_server(site: Path) -> None:
    tag = r'<(?:script|img|link|iframe|source)\b[^>]*\b(?:src|href)="((?:https?:)?//[^"]+)"'
    style = r"url\([\"']?((?:https?:)?//[^)\"']+)"
    loaded = {
        (page.name, address)
        for page in [*site.rglob("*.html"), *site.rglob("*.css")]
        for pair in re.findall(f"{tag}|{style}", page.read_text())
        for address in pair
        if address
    }
    assert loaded == set()
