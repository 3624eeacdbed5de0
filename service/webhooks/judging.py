"""What follows from how an attempt ended, as values."""

from datetime import datetime, timedelta
from typing import NamedTuple

from service.webhooks.lane import Verdict
from service.webhooks.retry_policy import OVERLOADED, next_delay, retry_after
from service.webhooks.sender import Reply

#: A subscription is disabled when it has only failed for so long, and so often.
FAILING_FOR, FAILING_TIMES = timedelta(days=5), 20

#: Seconds that a whole lane is held up by Retry-After at most; the delivery itself may wait longer.
LONGEST_PAUSE = 3_600.0


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
