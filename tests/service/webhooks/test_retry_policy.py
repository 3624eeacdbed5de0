"""The retry policy: schedule, jitter, Retry-After, and the decision after each outcome."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.deliveries import Outcome
from service.webhooks.lane import AttemptResult
from service.webhooks.retry_policy import (
    DELAYS,
    DISABLE_AFTER,
    DISABLE_AFTER_ATTEMPTS,
    LONGEST_DELAY,
    OVERLOAD_DELAY,
    decide,
    next_delay,
    parse_retry_after,
    should_disable,
)
from service.webhooks.sender import Reply

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR = 60.0, 3600.0


def test_there_are_eight_attempts_within_27_and_a_half_hours() -> None:
    delays = [next_delay(step, chance=0.5) for step in range(1, 9)]
    assert delays == pytest.approx(
        [5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR, None], nan_ok=True
    )
    assert sum(DELAYS) == pytest.approx(27.5 * HOUR, rel=0.01)


@given(st.integers(1, 7), st.floats(0, 1))
def test_jitter_stays_within_a_fifth(step: int, chance: float) -> None:
    delay = next_delay(step, chance=chance)
    assert delay is not None
    assert 0.8 * DELAYS[step - 1] <= delay <= 1.2 * DELAYS[step - 1] + 1e-6


def test_jitter_spreads_what_failed_together() -> None:
    chance = Random(1)  # noqa: S311 (a test)
    delays = sorted(next_delay(2, chance=chance.random()) or 0 for _ in range(1000))
    assert delays[50] < 0.85 * DELAYS[1]
    assert delays[-50] > 1.15 * DELAYS[1]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("1e3", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("9" * 400, LONGEST_DELAY),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOON - timedelta(days=400), usegmt=True), 0),
        (format_datetime(NOON + timedelta(days=400), usegmt=True), LONGEST_DELAY),
        ("Mon, 23 Nov 2026 12:01:30", 90),
        ("Mon, 99 Nov 2026 12:01:30 GMT", None),
        ("Mon, 23 Nov 99999999999 12:01:30 GMT", None),
    ],
)
def test_retry_after_is_parsed_in_both_forms_and_bounded(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOON) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_header_raises_an_error(header: str) -> None:
    seconds = parse_retry_after(header, NOON)
    assert seconds is None or 0 <= seconds <= LONGEST_DELAY


def test_retry_after_lengthens_a_delay_within_bounds_and_never_shortens_it() -> None:
    assert next_delay(1, chance=0.5, retry_after=90) == 90
    assert next_delay(2, chance=0.5, retry_after=1) == 5 * MINUTE
    assert next_delay(1, chance=0.5, retry_after=1e9) == 10 * HOUR
    assert next_delay(8, chance=0.5, retry_after=1) is None


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_overloaded_receiver_gets_its_next_attempt_after_a_minute(status: int) -> None:
    decision = decide(Reply("refused", status), step=1, chance=0.0, now=NOON)
    assert (decision.state, decision.delay) == ("pending", OVERLOAD_DELAY)


def test_a_timeout_counts_as_overload() -> None:
    assert decide(Reply("timeout"), step=1, chance=0.0, now=NOON).delay == OVERLOAD_DELAY


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_status_completes_the_delivery(status: int) -> None:
    decision = decide(Reply("accepted", status), step=3, chance=0.5, now=NOON)
    assert (decision.state, decision.result) == ("delivered", AttemptResult(accepted=True))


@pytest.mark.parametrize(("outcome", "status"), [("redirected", 302), ("refused", 500), ("refused", 404)])
def test_other_statuses_are_retried_after_five_seconds(outcome: str, status: int) -> None:
    decision = decide(Reply(outcome, status), step=1, chance=0.5, now=NOON)
    assert (decision.state, decision.delay, decision.result.accepted) == ("pending", 5.0, False)


@pytest.mark.parametrize("outcome", [one.value for one in Outcome if one.value not in ("accepted", "gone", "expired")])
def test_a_delivery_fails_after_its_eighth_attempt(outcome: str) -> None:
    states = [decide(Reply(outcome), step=step, chance=0.5, now=NOON).state for step in range(1, 9)]
    assert states == ["pending"] * 7 + ["failed"]


def test_a_410_skips_the_delivery_at_once() -> None:
    assert decide(Reply("gone", 410), step=1, chance=0.5, now=NOON).state == "skipped"


def test_a_429_with_retry_after_backs_off_the_whole_lane_for_an_hour_at_most() -> None:
    reply = Reply("refused", 429, {"Retry-After": "600"})
    decision = decide(reply, step=1, chance=0.5, now=NOON)
    assert (decision.delay, decision.result) == (600.0, AttemptResult(accepted=False, backoff=600.0))
    decision = decide(Reply("refused", 503, {"retry-after": "999999"}), step=1, chance=0.5, now=NOON)
    assert (decision.delay, decision.result.backoff) == (LONGEST_DELAY, HOUR)


def test_an_expired_change_fails_its_delivery_without_blaming_the_receiver() -> None:
    decision = decide(Reply("expired"), step=1, chance=0.5, now=NOON)
    assert not decision.result.has_latency
    assert (decision.state, decision.result.accepted) == ("failed", True)


@pytest.mark.parametrize(
    ("days", "attempts", "disabled"),
    [(5, 20, True), (5, 19, False), (4.99, 1000, False), (60, 20, True), (0, 20, False)],
)
def test_five_days_and_twenty_attempts_of_failures_disable_a_subscription(
    days: float, attempts: int, *, disabled: bool
) -> None:
    assert (timedelta(days=5), 20) == (DISABLE_AFTER, DISABLE_AFTER_ATTEMPTS)
    assert should_disable(NOON - timedelta(days=days), attempts, NOON) is disabled
