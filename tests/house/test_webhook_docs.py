"""docs/webhooks.md and examples/receiver.py are run: what they verify is what the service signs."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

from schemas.deliveries import Outcome
from service.cli.supervisor import _greeting
from service.config import Settings
from service.webhooks.retry_policy import DELAYS
from service.webhooks.signing import encode_secret, new_secret, signature_headers
from tests.factories import an_event
from tests.house.pages import DOCS, block_of
from tests.node import NODE
from tests.receivers import run_receiver
from tests.servers import ROOT, free_port, running

PAGE = DOCS / "webhooks.md"
BODY = '{"type":"event.create","data":{"title":"対話"}}'.encode()
ID = "018e9a2c-6a00-7000-8000-00000000000c"


def _cases() -> list[tuple[bool, str, dict[str, str], str]]:
    """Whether a request is right, its secret, its headers, its body."""
    old, new, body = new_secret(), new_secret(), BODY.decode()
    now = int(time.time())
    right = signature_headers(ID, now, BODY, (new, old))
    return [
        (True, encode_secret(new), right, body),
        (True, encode_secret(old), right, body),
        (False, encode_secret(new_secret()), right, body),
        (False, encode_secret(new), right, body.replace("create", "delete")),
        (False, encode_secret(new), right | {"webhook-id": "another"}, body),
        (False, encode_secret(new), signature_headers(ID, now - 400, BODY, (new,)), body),
        (False, encode_secret(new), right | {"webhook-signature": "v1,short"}, body),
    ]


def test_the_python_code_verifies_valid_signatures_only() -> None:
    known: dict[str, object] = {}
    exec(block_of(PAGE, "python"), known)  # noqa: S102 (the page is ours)
    verify = known["verify"]
    assert callable(verify)
    for right, secret, headers, body in _cases():
        assert verify(secret, headers, body.encode()) is right


def test_the_javascript_code_verifies_valid_signatures_only() -> None:
    script = (
        block_of(PAGE, "js")
        + """
        const cases = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
        const verdict = ([, secret, headers, body]) => verify(secret, headers, Buffer.from(body));
        console.log(JSON.stringify(cases.map(verdict)));
        """
    )
    said = subprocess.run([NODE, "-e", script], input=json.dumps(_cases()), capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [right for right, *_ in _cases()]


def _by_hand(url: str, secret: str, headers: dict[str, str], body: Path) -> bytes:
    """What the lines for a shell print: their verdict, and what the receiver at `url` answers."""
    asked = {
        "SECRET": secret,
        "ID": headers["webhook-id"],
        "TIMESTAMP": headers["webhook-timestamp"],
        "SIGNATURE": headers["webhook-signature"],
        "BODY": str(body),
        "URL": url,
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block_of(PAGE, "bash")],
        env=os.environ | asked,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def test_the_shell_commands_verify_valid_signatures_only(tmp_path: Path) -> None:
    with run_receiver() as receiver:
        for right, secret, headers, body in _cases():
            (tmp_path / "body").write_text(body)
            said = _by_hand(receiver.url, secret, headers, tmp_path / "body")
            assert (said == b"verified\nok") is right, said
            assert said.endswith(b"\nok")


def test_the_shell_commands_send_what_the_service_would_send(tmp_path: Path) -> None:
    secret, now = new_secret(), int(time.time())
    expected = signature_headers(ID, now, BODY, (secret,))
    (tmp_path / "body").write_bytes(BODY)
    with run_receiver() as receiver:
        _by_hand(receiver.url, encode_secret(secret), expected, tmp_path / "body")
        [request] = receiver.requests
    assert {name: request.headers[name] for name in expected} == expected
    assert request.body == BODY


def test_the_page_has_the_retry_schedule() -> None:
    assert "retried after 5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours" in " ".join(PAGE.read_text().split())
    assert list(DELAYS) == [5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600]
    assert Outcome.TIMEOUT.sentence.endswith(f"within {Settings().webhook_timeout:.0f} seconds.")


def test_the_example_receiver_prints_changes_and_deletes_its_webhook(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    assert "examples/receiver.py" in _greeting(Settings(), "ptk_…")
    with running(data, port):
        api, key = f"http://127.0.0.1:{port}", (data / "admin.key").read_text().strip()
        options = ["--key-file", str(data / "admin.key"), "--filter", "party=JP"]
        with subprocess.Popen(
            [sys.executable, "examples/receiver.py", *options],
            cwd=ROOT,
            env=os.environ | {"PORT": str(port)},
            stdout=subprocess.PIPE,
            text=True,
        ) as example:
            assert example.stdout
            assert "Listening at http://127.0.0.1:" in example.stdout.readline()
            created = _ask(api, key, "POST", "/v1/events", an_event(title="A first event"))
            line = example.stdout.readline()
            assert re.fullmatch(rf"\S+Z event\.create #\d+ {created['id']} version 1 A first event\n", line), line
            assert len(_ask(api, key, "GET", "/v1/webhooks")["items"]) == 1
            example.send_signal(signal.SIGINT)
            assert example.wait(20) == 0
        assert _ask(api, key, "GET", "/v1/webhooks")["items"] == []


def _ask(api: str, key: str, method: str, path: str, body: object = None) -> dict[str, list[object]]:
    request = Request(  # noqa: S310 (our own address)
        api + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=20) as answer:  # noqa: S310 (as above)
        found: dict[str, list[object]] = json.load(answer)
    return found
