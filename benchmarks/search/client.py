"""One client on one connection: asks, and tells how long the answers took."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import quantiles
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit


class Refused(Exception):
    """A request was not answered as it should be."""


@dataclass(frozen=True)
class Times:
    """Milliseconds of many requests of one kind: what half of them took at most, 95 of 100, and all."""

    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """From the seconds of each."""
        cuts = quantiles(seconds, n=100, method="inclusive")
        return cls(cuts[49] * 1000, cuts[94] * 1000, max(seconds) * 1000)


class Client:
    """A client of the API. It keeps its connection, so it is one worker process that answers it."""

    def __init__(self, url: str, key: str | None = None) -> None:
        """`key` is needed to write."""
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str, **asked: Any) -> Any:
        """What a GET answers, as JSON."""
        return self.send("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}, *, expected: int = 200
    ) -> Any:
        """What a request answers, as JSON; Refused where it is not `expected`."""
        sent = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if sent else {}
        self._connection.request(method, path, sent, self._headers | kind | dict(headers))
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != expected:
            raise Refused(f"{method} {path[:200]} answered {answer.status}: {text[:500]!r}")
        return json.loads(text) if text else None

    def timed(self, path: str) -> float:
        """The seconds until a GET is answered in whole."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:  # noqa: PLR2004 (200 OK)
            raise Refused(f"GET {path[:200]} answered {answer.status}: {text[:500]!r}")
        return took


def measure(client: Client, address: Callable[[], str], *, warm_up: float, requests: int) -> Times:
    """How long so many requests take, after others of the kind for `warm_up` seconds."""
    until = time.monotonic() + warm_up
    while time.monotonic() < until:
        client.timed(address())
    return Times.of([client.timed(address()) for _ in range(requests)])
