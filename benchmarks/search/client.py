"""One client on one connection, and the times of its requests."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import quantiles
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit


class UnexpectedStatus(Exception):
    """A response has another status than expected."""


@dataclass(frozen=True)
class Times:
    """Milliseconds of many requests of one kind: the median, the 95th percentile and the largest."""

    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """Return the times of requests that took so many seconds each."""
        cuts = quantiles(seconds, n=100, method="inclusive")
        return cls(cuts[49] * 1000, cuts[94] * 1000, max(seconds) * 1000)


class Client:
    """A client of the API. It keeps its connection, so one worker process answers it."""

    def __init__(self, url: str, key: str | None = None) -> None:
        """Connect; writes need a `key`."""
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of a GET."""
        return self.send("GET", f"{path}?{urlencode(parameters)}" if parameters else path)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}, *, expected: int = 200
    ) -> Any:
        """Return the JSON of a response. UnexpectedStatus where its status is not `expected`."""
        content = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if content else {}
        self._connection.request(method, path, content, self._headers | kind | dict(headers))
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != expected:
            raise UnexpectedStatus(f"{method} {path[:200]} answered {answer.status}: {text[:500]!r}")
        return json.loads(text) if text else None

    def timed(self, path: str) -> float:
        """Return the seconds until the whole response of a GET has arrived."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - began
        if answer.status != 200:  # noqa: PLR2004 (200 OK)
            raise UnexpectedStatus(f"GET {path[:200]} answered {answer.status}: {text[:500]!r}")
        return seconds


def measure(client: Client, address: Callable[[], str], *, warm_up: float, requests: int) -> Times:
    """Return the times of so many requests, after others of the kind for `warm_up` seconds."""
    until = time.monotonic() + warm_up
    while time.monotonic() < until:
        client.timed(address())
    return Times.of([client.timed(address()) for _ in range(requests)])
