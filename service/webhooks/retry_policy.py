"""When a delivery is tried again, as a value: time and chance come in from outside."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from service.webhooks.lane import Verdict
from service.webhooks.sender import Reply

#: Seconds between one attempt and the next: eight attempts in 27.5 hours. The first is made at once.
DELAYS = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)

#: The share by which a delay is longer or shorter, so that what failed together does not come back together.
JITTER = 0.2

#: Statuses by which a receiver, or what stands before it, says that it has too much to do (Standard Webhooks).
OVERLOADED = frozenset({429, 502, 504})

#: Seconds that an overloaded receiver, or one that did not answer in time, is left alone at least.
SLOW_DOWN = 60.0

#: Seconds that Retry-After can ask for at most: no longer than the schedule itself waits.
LONGEST = max(DELAYS)

#: A subscription is disabled when it has only failed for so long, and so often.
FAILING_FOR, FAILING_TIMES = timedelta(days=5), 20

#: Seconds that a whole lane is held up by Retry-After at most; the delivery itself may wait longer.
LONGEST_PAUSE = 3_600.0


def next_delay(step: int, *, chance: float, overloaded: bool = False, retry_after: float | None = None) -> float | None:
    """Seconds until the attempt that follows the failed one numbered `step` (1 for the first); None to give up.

    `chance` is from 0 to 1. What the receiver asked for by Retry-After may make it longer, never shorter.
    """
    if step > len(DELAYS):
        return None
    delay = DELAYS[step - 1] * (1 - JITTER + 2 * JITTER * chance)
    if overloaded:
        delay = max(delay, SLOW_DOWN * (1 + JITTER * chance))
    return max(delay, min(retry_after or 0.0, LONGEST))


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that the header Retry-After asks for, in either of its forms; None where it cannot be read."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST)


class Judgement(NamedTuple):
    """What becomes of the delivery, seconds until its next attempt where it is pending, and what its lane learns."""

    state: str
    delay: float
    verdict: Verdict


def judge(reply: Reply, *, step: int, chance: float, now: datetime) -> Judgement:
    """See Judgement. `step` is the number of the attempt in its schedule, 1 for the first; `chance` from 0 to 1."""
    if reply.accepted:
        return Judgement("delivered", 0.0, Verdict(accepted=True))
    if reply.outcome == "gone":
        return Judgement("skipped", 0.0, Verdict(accepted=False))
    if reply.outcome == "expired":
        return Judgement("failed", 0.0, Verdict(accepted=True))  # the receiver was not asked
    asked = retry_after(reply.header("retry-after"), now)
    overloaded = reply.status in OVERLOADED or reply.outcome == "timeout"
    delay = next_delay(step, chance=chance, overloaded=overloaded, retry_after=asked)
    verdict = Verdict(accepted=False, rest=min(asked or 0.0, LONGEST_PAUSE))
    return Judgement("failed", 0.0, verdict) if delay is None else Judgement("pending", delay, verdict)


def should_disable(failing_since: datetime, attempts: int, now: datetime) -> bool:
    """Whether a subscription has failed for so long that it is sent nothing more."""
    return attempts >= FAILING_TIMES and now - failing_since >= FAILING_FOR
