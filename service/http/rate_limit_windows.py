"""How often one may call: windows of fixed length, counted in this process or in a store that all processes share."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import NamedTuple, Protocol, cast

import limits
import structlog
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string

from service.config import Settings

#: The setting that means: in this process.
IN_PROCESS = "memory://"

#: Windows that a process remembers at most; beyond that the oldest is forgotten. Each is some 200 bytes.
REMEMBERED = 100_000

#: Seconds to wait for the shared store, and to leave it alone once it has failed: meanwhile nobody is limited.
STORE_TIMEOUT, STORE_PAUSE = 0.2, 5.0
#: Seconds between two lines in the log about a store that fails.
STORE_LOG_EVERY = 60.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Quota:
    """Requests that one caller may make in a window of so many seconds."""

    name: str
    requests: int
    seconds: int

    @cached_property
    def policy(self) -> str:
        """It as RateLimit-Policy tells it."""
        return f'"{self.name}";q={self.requests};w={self.seconds}'


class Standing(NamedTuple):
    """How far a caller has used a quota: requests in this window, this one included, and seconds until it ends."""

    quota: Quota
    used: int
    ends_in: int

    @property
    def exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.used > self.quota.requests

    @property
    def told(self) -> str:
        """It as RateLimit tells it."""
        return f'"{self.quota.name}";r={max(0, self.quota.requests - self.used)};t={self.ends_in}'


class Windows(Protocol):
    """Where requests are counted."""

    def count(self, who: str, seconds: int) -> tuple[int, float] | None:
        """Count a request: how many `who` has made in this window, and seconds until it ends. None where unknown."""


class OwnWindows:
    """Counts in this process.

    The memory storage of `limits` starts a timer every 10 ms that looks at every caller: under gevent 21 us of CPU a
    request with one address, 67 with ten thousand, against 1 here.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds that only grow."""
        self._clock = clock
        #: Requests and end of each caller's window, the one that began first in front.
        self._windows: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def count(self, who: str, seconds: int) -> tuple[int, float]:
        """See Windows. Two threads at once may count as one, which a limit can bear."""
        now = self._clock()
        used, end = self._windows.get(who, (0, now))
        if end <= now:
            used, end = 0, now + seconds
            self._make_room(who, now)
        self._windows[who] = used + 1, end
        return used + 1, end - now

    def _make_room(self, who: str, now: float) -> None:
        """Let a new window stand last, and forget two that have ended: more than it adds."""
        with self._lock:
            self._windows.pop(who, None)
            for _ in range(2):
                first = next(iter(self._windows), None)
                if first is not None and (self._windows[first][1] <= now or len(self._windows) >= REMEMBERED):
                    del self._windows[first]


class SharedWindows:
    """Counts in Redis or Valkey. While that cannot be reached nobody is limited: better too much than nothing."""

    def __init__(self, storage: Storage, clock: Callable[[], float] = time.monotonic) -> None:
        """`storage` wraps what goes wrong in StorageError."""
        self._storage, self._clock = storage, clock
        self._asked_again_at = self._logged_again_at = clock()

    def count(self, who: str, seconds: int) -> tuple[int, float] | None:
        """See Windows."""
        if self._clock() < self._asked_again_at:
            return None
        try:
            return self._storage.incr(f"policytrail/{who}", seconds), self._end(who) - time.time()
        except StorageError as error:
            self._leave_alone(error)
            return None

    def _end(self, who: str) -> float:
        return self._storage.get_expiry(f"policytrail/{who}")

    def _leave_alone(self, error: StorageError) -> None:
        now = self._clock()
        self._asked_again_at = now + STORE_PAUSE
        if now >= self._logged_again_at:
            self._logged_again_at = now + STORE_LOG_EVERY
            # Its words may quote the URL with its password.
            log.warning("rate_limits_off", cause=type(error.storage_error).__name__)


class Limits:
    """The quotas of a service, and who has used how much of them."""

    def __init__(self, settings: Settings) -> None:
        """ValueError where a setting cannot be understood."""
        self.by_key = quota("default", settings.rate_limit)
        self.by_address = quota("public", settings.public_rate_limit)
        self._windows = windows(settings.rate_limit_storage)

    def count(self, quota: Quota | None, who: str) -> Standing | None:
        """Where `who` stands with one request more. None where there is no limit, or it cannot be known."""
        if quota is None:
            return None
        counted = self._windows.count(who, quota.seconds)
        if counted is None:
            return None
        used, ends_in = counted
        return Standing(quota, used, max(1, math.ceil(ends_in)))


def quota(name: str, text: str) -> Quota | None:
    """What a text such as "600/minute" says; None for an empty one."""
    if not text:
        return None
    item = limits.parse(text)
    return Quota(name, item.amount, item.get_expiry())


def windows(url: str) -> Windows:
    """Where `url` says that requests are counted. Nothing is connected yet."""
    if url == IN_PROCESS:
        return OwnWindows()
    options = {"socket_timeout": STORE_TIMEOUT, "socket_connect_timeout": STORE_TIMEOUT}
    return SharedWindows(cast("Storage", storage_from_string(url, wrap_exceptions=True, **options)))
