"""/docs in a browser: it shows every operation, and asks nobody but this service."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Settings
from service.openapi.spec import build_spec
from tests.servers import serving

#: Chromium as Debian calls it, and as others do.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def test_the_page_and_its_files_come_from_here_without_a_key(anyone: FlaskClient) -> None:
    page = anyone.get("/docs")
    addresses = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert all(address.startswith("/") for address in addresses)
    files = [anyone.get(address) for address in addresses if address.startswith("/docs/")]
    assert [(file.status_code, file.headers["Cache-Control"]) for file in files] == [
        (200, "public, max-age=31536000, immutable")
    ] * 5
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"].partition("style-src")[0]
    assert "validatorUrl: null" in files[-1].text


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: the page /docs was not tried in a browser")
def test_a_browser_shows_every_operation_and_asks_nobody_else(database: str, tmp_path: Path) -> None:
    assert CHROMIUM
    with serving(database) as served:
        shown = subprocess.run(
            [
                *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                    "--enable-logging=stderr",
                    f"--user-data-dir={tmp_path / 'profile'}",
                ),
                f"--log-net-log={tmp_path / 'net.json'}",
                *("--virtual-time-budget=20000", "--dump-dom", f"{served.url}/docs"),
            ],
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
        )
    paths = build_spec(create_app(Settings()))["paths"]
    operations = {operation["operationId"] for path in paths.values() for operation in path.values()}
    found = set(re.findall(r'id="operations-[^"]*?-([A-Za-z]+)"', shown.stdout))
    assert (shown.returncode, operations - found) == (0, set())
    assert [line for line in shown.stderr.splitlines() if "CONSOLE" in line] == []
    assert {address[: len(served.url) + 1] for address in _asked_by_page(tmp_path / "net.json", served.url)} == {
        f"{served.url}/"
    }


def _asked_by_page(log: Path, origin: str) -> set[str]:
    """Addresses that the page asked for, in Chromium's log of the network. The browser's own are left out."""
    requests = (event.get("params", {}) for event in json.loads(log.read_text())["events"])
    return {request["url"] for request in requests if request.get("initiator") == origin and "url" in request}
