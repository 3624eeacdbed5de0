"""Rate limits: quotas in windows of fixed length, counted in this process or in a store that all processes share."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import NamedTuple, Protocol, cast
from uuid import UUID

import limits
import structlog
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string

from service.config import Settings
from service.http.network import network_of

#: The value of the setting `rate_limit_storage` that stands for this process.
IN_PROCESS = "memory://"

#: The name of the quota of webhook tests, each of which a worker and a request wait for.
WEBHOOK_TESTS = "webhook-tests"

#: The most windows that a process remembers; beyond it, it drops the oldest. Each takes some 200 bytes.
REMEMBERED = 100_000

#: Seconds to wait for the shared store, and to leave it alone after a failure; nobody is limited meanwhile.
STORE_TIMEOUT, STORE_PAUSE = 0.2, 5.0
#: Seconds between two log lines about a store that fails.
STORE_LOG_EVERY = 60.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Quota:
    """The requests that one caller may make in a window of so many seconds."""

    name: str
    requests: int
    seconds: int

    @cached_property
    def header(self) -> str:
        """Return the value of RateLimit-Policy."""
        return f'"{self.name}";q={self.requests};w={self.seconds}'


class RateLimitState(NamedTuple):
    """The use of a quota: requests in this window, this one included, and seconds until it ends."""

    quota: Quota
    used: int
    ends_in: int

    @property
    def exceeded(self) -> bool:
        """Return whether this request is over the quota."""
        return self.used > self.quota.requests

    @property
    def header(self) -> str:
        """Return the value of RateLimit."""
        return f'"{self.quota.name}";r={max(0, self.quota.requests - self.used)};t={self.ends_in}'


class Windows(Protocol):
    """A counter of requests by caller and window."""

    def count(self, caller: str, seconds: int) -> tuple[int, float] | None:
        """Count a request of `caller`; return its number in the window and the seconds left, or None if unknown."""


class LocalWindows:
    """A counter in this process.

    The memory storage of `limits` starts a timer every 10 ms that looks at every caller: under gevent 21 us of CPU a
    request with one address, 67 with ten thousand, against 1 here.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds that only grow."""
        self._clock = clock
        #: The requests and the end of each caller's window, in the order in which the windows began.
        self._windows: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def count(self, caller: str, seconds: int) -> tuple[int, float]:
        """Count as Windows does. Two threads at once may count as one, which a limit can bear."""
        now = self._clock()
        used, end = self._windows.get(caller, (0, now))
        if end <= now:
            used, end = 0, now + seconds
            self._make_room(caller, now)
        self._windows[caller] = used + 1, end
        return used + 1, end - now

    def _make_room(self, caller: str, now: float) -> None:
        """Move the window of `caller` to the end, and drop two that are over: more than one request adds."""
        with self._lock:
            self._windows.pop(caller, None)
            for _ in range(2):
                first = next(iter(self._windows), None)
                if first is not None and (self._windows[first][1] <= now or len(self._windows) >= REMEMBERED):
                    del self._windows[first]


class SharedWindows:
    """A counter in Redis or Valkey. While it is unreachable nobody is limited: better too many requests than none."""

    def __init__(self, storage: Storage, clock: Callable[[], float] = time.monotonic) -> None:
        """`storage` wraps its failures in StorageError."""
        self._storage, self._clock = storage, clock
        self._next_try_at = self._next_log_at = clock()

    def count(self, caller: str, seconds: int) -> tuple[int, float] | None:
        """Count as Windows does."""
        if self._clock() < self._next_try_at:
            return None
        try:
            return self._storage.incr(f"policytrail/{caller}", seconds), self._end(caller) - time.time()
        except StorageError as error:
            self._leave_alone(error)
            return None

    def _end(self, caller: str) -> float:
        return self._storage.get_expiry(f"policytrail/{caller}")

    def _leave_alone(self, error: StorageError) -> None:
        now = self._clock()
        self._next_try_at = now + STORE_PAUSE
        if now >= self._next_log_at:
            self._next_log_at = now + STORE_LOG_EVERY
            # The error's own text may quote the URL with its password.
            log.warning("rate_limits_off", cause=type(error.storage_error).__name__)


class RateLimits:
    """The quotas of a service and their use."""

    def __init__(self, settings: Settings) -> None:
        """ValueError if a quota or the storage's URL is malformed."""
        self.by_key = parse_quota("default", settings.rate_limit)
        self.by_address = parse_quota("public", settings.public_rate_limit)
        #: Quotas of single operations, which each key has beside its own.
        self.by_operation = {WEBHOOK_TESTS: parse_quota(WEBHOOK_TESTS, settings.webhook_test_rate_limit)}
        self._windows = windows_at(settings.rate_limit_storage)

    def quotas(self, *, is_key: bool) -> list[Quota]:
        """Return the quotas of a caller with a key, or without one."""
        quotas = [self.by_key, *self.by_operation.values()] if is_key else [self.by_address]
        return [quota for quota in quotas if quota]

    def count(self, key_id: UUID | None, address: str) -> RateLimitState | None:
        """Count a request for its key, or without a valid one for its address. None if unlimited or unknown."""
        return self._count(self.by_key, str(key_id)) if key_id else self._count(self.by_address, network_of(address))

    def count_operation(self, name: str, key_id: UUID) -> RateLimitState | None:
        """Count a request for the quota `name` of its key. None as for `count`."""
        return self._count(self.by_operation[name], f"{name}/{key_id}")

    def _count(self, quota: Quota | None, caller: str) -> RateLimitState | None:
        if quota is None:
            return None
        window = self._windows.count(caller, quota.seconds)
        if window is None:
            return None
        used, ends_in = window
        return RateLimitState(quota, used, max(1, math.ceil(ends_in)))


def parse_quota(name: str, text: str) -> Quota | None:
    """Return the quota in a text such as "600/minute"; None for an empty one. ValueError if it is malformed."""
    if not text:
        return None
    item = limits.parse(text)
    return Quota(name, item.amount, item.get_expiry())


def windows_at(url: str) -> Windows:
    """Return the counter that `url` names, not connected yet."""
    if url == IN_PROCESS:
        return LocalWindows()
    options = {"socket_timeout": STORE_TIMEOUT, "socket_connect_timeout": STORE_TIMEOUT}
    return SharedWindows(cast("Storage", storage_from_string(url, wrap_exceptions=True, **options)))
