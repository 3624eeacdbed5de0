"""The retry policy as pure functions: time and randomness come in as arguments."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from service.webhooks.lane import AttemptResult
from service.webhooks.sender import Reply

#: Seconds between one attempt and the next: eight attempts in 27.5 hours. The first is immediate.
DELAYS = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)

#: The share by which a delay varies, so that deliveries that failed together do not return together.
JITTER = 0.2

#: Statuses by which a receiver, or a proxy before it, reports overload (Standard Webhooks).
OVERLOADED = frozenset({429, 502, 504})

#: Seconds until the next attempt after an overload or a timeout, at least.
OVERLOAD_DELAY = 60.0

#: Seconds that Retry-After can ask for, at most: no longer than the schedule's own longest delay.
LONGEST_DELAY = max(DELAYS)

#: A subscription is disabled after failures alone for so long, in so many attempts.
DISABLE_AFTER, DISABLE_AFTER_ATTEMPTS = timedelta(days=5), 20

#: Seconds for which Retry-After holds up a whole lane, at most; the delivery itself may wait longer.
LONGEST_LANE_BACKOFF = 3_600.0


class RetryDecision(NamedTuple):
    """The delivery's next state, the seconds until the next attempt of a pending one, and the result for its lane."""

    state: str
    delay: float
    result: AttemptResult


def decide(reply: Reply, *, step: int, chance: float, now: datetime) -> RetryDecision:
    """Return the decision after a reply. `step` is the attempt's number in its schedule, from 1; `chance` is 0 to 1."""
    if reply.accepted:
        return RetryDecision("delivered", 0.0, AttemptResult(accepted=True))
    if reply.outcome == "gone":
        return RetryDecision("skipped", 0.0, AttemptResult(accepted=False))
    if reply.outcome == "expired":
        return RetryDecision("failed", 0.0, AttemptResult(accepted=True, has_latency=False))  # no request was sent
    wait = parse_retry_after(reply.header("retry-after"), now)
    overloaded = reply.status in OVERLOADED or reply.outcome == "timeout"
    delay = next_delay(step, chance=chance, overloaded=overloaded, retry_after=wait)
    result = AttemptResult(accepted=False, backoff=min(wait or 0.0, LONGEST_LANE_BACKOFF))
    return RetryDecision("failed", 0.0, result) if delay is None else RetryDecision("pending", delay, result)


def next_delay(step: int, *, chance: float, overloaded: bool = False, retry_after: float | None = None) -> float | None:
    """Return the seconds until the attempt after the failed one numbered `step` (from 1), or None to give up.

    `chance` is 0 to 1. `retry_after`, in seconds, lengthens the delay and never shortens it.
    """
    if step > len(DELAYS):
        return None
    delay = DELAYS[step - 1] * (1 - JITTER + 2 * JITTER * chance)
    if overloaded:
        delay = max(delay, OVERLOAD_DELAY * (1 + JITTER * chance))
    return max(delay, min(retry_after or 0.0, LONGEST_DELAY))


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header in either of its forms, or None if it is missing or unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST_DELAY)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_DELAY)


def should_disable(failing_since: datetime, attempts: int, now: datetime) -> bool:
    """Return whether a subscription has failed for long enough, and often enough, to be disabled."""
    return attempts >= DISABLE_AFTER_ATTEMPTS and now - failing_since >= DISABLE_AFTER
