"""A webhook receiver that shows what arrives. It needs nothing but Python.

Run it beside `make run`: it makes a webhook for itself, and takes it away again when it ends.

    python3 examples/receiver.py                       # every change
    python3 examples/receiver.py --filter 'party=JP'   # what GET /v1/events would select
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

#: Seconds by which a timestamp may be off: an older request may have been recorded and sent again by somebody else.
TOLERANCE = 300


def verify(secret: str, headers: Message, body: bytes, now: float) -> bool:
    """Whether the request is from whoever knows the secret, unchanged and of this moment (Standard Webhooks)."""
    id_, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((id_.encode(), timestamp.encode(), body))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    # While a secret is being rotated there are two signatures, with a space between.
    return any(hmac.compare_digest(expected, sent) for sent in headers.get("webhook-signature", "").split(" "))


class Receiver(BaseHTTPRequestHandler):
    """Answers deliveries."""

    protocol_version = "HTTP/1.1"
    secret = ""
    #: Ids that were received. A delivery may come twice, then with the same id.
    seen: set[str] = set()  # noqa: RUF012 (of all requests)

    def do_POST(self) -> None:
        """Verify, remember, acknowledge; whatever takes long should be done after the answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not verify(self.secret, self.headers, body, time.time()):
            self._answer(401)
            print("A request came with a signature that is not right; it was refused.", flush=True)
            return
        self._answer(204)
        id_ = self.headers["webhook-id"]
        again = " (again)" if id_ in self.seen else ""
        self.seen.add(id_)
        print(f"{told(json.loads(body))}{again}", flush=True)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests as such."""


def told(message: dict[str, Any]) -> str:
    """One line about a delivery."""
    data = message["data"]
    title = (data.get("document") or {}).get("title", "")
    about = f"#{data['seq']} {data['event_id']} version {data['version']} {title}" if "seq" in data else ""
    return f"{message['timestamp']} {message['type']} {about}".rstrip()


class Api:
    """The service that is to send."""

    def __init__(self, url: str, key: str) -> None:
        """`key` must be allowed to manage webhooks."""
        self._url, self._key = url, key
        self._open = build_opener(ProxyHandler({})).open

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer's JSON."""
        sent = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        with self._open(Request(self._url + path, data, sent, method=method), timeout=30) as answer:  # noqa: S310 (as given)
            return json.loads(answer.read() or b"null")


def main() -> None:
    """Receive until Ctrl-C."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--api", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    options.add_argument("--key-file", type=Path, default=Path(".policytrail/admin.key"))
    options.add_argument("--filter", help="only events that these parameters of GET /v1/events select")
    options.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1; any free one if not given")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    api = Api(chosen.api, chosen.key_file.read_text().strip())
    with ThreadingHTTPServer(("127.0.0.1", chosen.port), Receiver) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        webhook = api.ask("POST", "/v1/webhooks", {"url": url, "filter": chosen.filter, "description": "The example"})
        Receiver.secret = webhook["secret"]
        print(f"Listening at {url} for the webhook {webhook['id']}. Ctrl-C ends it.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            api.ask("DELETE", f"/v1/webhooks/{webhook['id']}", **{"If-Match": "*"})


if __name__ == "__main__":
    main()
