"""A webhook receiver that prints deliveries. It needs only Python.

Run it beside `make run`: it creates a webhook for itself, and deletes the webhook when it ends.

    python3 examples/receiver.py                       # every change
    python3 examples/receiver.py --filter 'party=JP'   # changes to events that GET /v1/events?party=JP lists
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import signal
import sys
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

#: Seconds by which a timestamp may differ from the clock. An older request may be a replay by an attacker.
TOLERANCE = 300


def verify(secret: str, headers: Message, body: bytes, now: float) -> bool:
    """Return whether the signature is valid and the timestamp recent (Standard Webhooks)."""
    id_, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join((id_.encode(), timestamp.encode(), body))
    expected = "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    # After a rotation there are two signatures for a day, separated by a space.
    signatures = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected, signature) for signature in signatures)


class Receiver(BaseHTTPRequestHandler):
    """The handler of deliveries."""

    protocol_version = "HTTP/1.1"
    secret = ""
    #: The ids of all deliveries. A delivery can arrive twice, under the same id.
    ids: set[str] = set()  # noqa: RUF012 (shared by all requests)

    def do_POST(self) -> None:
        """Verify and accept a delivery. Do slow work after the response."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not verify(self.secret, self.headers, body, time.time()):
            self._answer(401)
            print("Refused a request with an invalid signature.", flush=True)
            return
        self._answer(204)
        id_ = self.headers["webhook-id"]
        again = " (again)" if id_ in self.ids else ""
        self.ids.add(id_)
        print(f"{summary(json.loads(body))}{again}", flush=True)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Do not log requests."""


def summary(message: dict[str, Any]) -> str:
    """Return one line about a delivery."""
    data = message["data"]
    title = (data.get("document") or {}).get("title", "")
    about = f"#{data['seq']} {data['event_id']} version {data['version']} {title}" if "seq" in data else ""
    return f"{message['timestamp']} {message['type']} {about}".rstrip()


class Api:
    """A client of the service."""

    def __init__(self, url: str, key: str) -> None:
        """`key` needs the scope `webhooks` or `admin`."""
        self._url, self._key = url, key
        self._open = build_opener(ProxyHandler({})).open

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON of the response."""
        all_headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        with self._open(Request(self._url + path, data, all_headers, method=method), timeout=30) as response:  # noqa: S310 (as given)
            return json.loads(response.read() or b"null")


def main() -> None:
    """Receive deliveries until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    parser.add_argument("--key-file", type=Path, default=Path(".policytrail/admin.key"))
    parser.add_argument("--filter", help="parameters of GET /v1/events: deliver only changes to these events")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; by default any free one")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    api = Api(options.api, options.key_file.read_text().strip())
    with ThreadingHTTPServer(("127.0.0.1", options.port), Receiver) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        fields = {"url": url, "filter": options.filter, "description": "The example"}
        webhook = api.request("POST", "/v1/webhooks", fields)
        Receiver.secret = webhook["secret"]
        print(f"Listening at {url} for the webhook {webhook['id']}. Press Ctrl-C to stop.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            api.request("DELETE", f"/v1/webhooks/{webhook['id']}", **{"If-Match": "*"})


if __name__ == "__main__":
    main()
