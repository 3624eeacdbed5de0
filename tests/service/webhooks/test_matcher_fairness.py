"""Paused and costly filters, which the background matches, delay nobody else and lose nothing."""

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest

from service import store
from service.feed.sequencer import catch_up
from service.webhooks.matcher import BackgroundMatcher, Matcher
from service.webhooks.subscription_filters import SubscriptionFilters
from tests.deliveries import list_deliveries, make_subscription, subscribe
from tests.matches import disabled_reason, fail, match_until_done, states_of
from tests.random_writer import NOW, Writer


def test_paused_subscriptions_cost_the_prompt_matcher_nothing(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed: list[int] = []

    def record(filters: SubscriptionFilters, conn: Any, rows: Sequence[Any], *others: Any, **options: Any) -> Any:
        indexed.append(len(rows))
        return index(filters, conn, rows, *others, **options)

    index = SubscriptionFilters.index
    monkeypatch.setattr(SubscriptionFilters, "index", record)
    active = subscribe(feed, key_id, "not_tag=nobody")
    paused = [
        make_subscription(feed, key_id=key_id, filter=f"q=word{number}&tag=a", paused=True) for number in range(9)
    ]
    seen = make_subscription(feed, key_id=key_id, filter="not_tag=nobody", paused=True)
    Writer(feed, 16).write(10)
    catch_up(feed)
    match_until_done(feed, Matcher())
    assert (indexed, list_deliveries(feed, seen)) == ([1], [])
    match_until_done(feed, BackgroundMatcher())
    assert indexed == [1, len(paused) + 1]
    assert list_deliveries(feed, seen) == list_deliveries(feed, active) != []
    assert states_of(feed, seen) == {"skipped"}


def test_subscriptions_beyond_their_keys_budget_do_not_delay_those_of_other_keys(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.webhooks.matcher.KEY_BUDGET", 10)
    filters = [{"not": {"q": " ".join(f"word{number}{word}" for word in range(12))}} for number in range(5)]
    costly = [subscribe(feed, key_id, filter_) for filter_ in filters]
    other = make_subscription(feed, filter="not_tag=nobody")
    Writer(feed, 17).write(10)
    catch_up(feed)
    match_until_done(feed, Matcher())
    everything = list_deliveries(feed, other)
    prompt = [list_deliveries(feed, one) for one in costly]
    assert (everything != [], prompt[-1], {"pending"}) == (True, [], states_of(feed, other))
    match_until_done(feed, BackgroundMatcher())
    assert [len(list_deliveries(feed, one)) for one in costly] == [len(everything)] * len(costly)
    assert states_of(feed, costly[-1]) == {"pending"}


@pytest.mark.parametrize("seed", range(5))
def test_no_change_is_lost_between_the_matchers(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 (of a test)
    monkeypatch.setattr("service.webhooks.matcher.KEY_BUDGET", 3)
    monkeypatch.setattr("service.webhooks.fan_out.BATCH", 3)
    subscriptions = [subscribe(feed, key_id, "not_tag=nobody") for _ in range(6)]
    matchers = [matcher() for matcher in (Matcher, BackgroundMatcher) for _ in range(2)]
    writer = Writer(feed, 18 + seed)
    for _ in range(30):
        writer.write(random.randint(0, 3))
        catch_up(feed)
        feed.execute(
            "UPDATE subscription SET paused = NOT paused, version = version + 1 WHERE id = %s",
            (random.choice(subscriptions),),
        )
        for matcher in random.sample(matchers, random.randint(0, 3)):
            matcher.match_once(feed, NOW)
    for matcher in matchers:
        match_until_done(feed, matcher)
    expected = list(range(1, store.feed.get_head(feed).seq + 1))
    assert [[seq for seq, _, _ in list_deliveries(feed, one)] for one in subscriptions] == [expected] * 6


def test_a_subscription_that_was_disabled_in_a_failed_batch_is_disabled_by_the_next(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, well, matcher = subscribe(feed, key_id, "nonsense=1"), subscribe(feed, key_id, None), Matcher()
    Writer(feed, 30).write(5)
    catch_up(feed)
    with monkeypatch.context() as patched:
        patched.setattr(store.feed, "move_cursor", fail)
        with pytest.raises(RuntimeError):
            matcher.match_once(feed, NOW)
    assert disabled_reason(feed, broken) is None
    match_until_done(feed, matcher)
    assert (disabled_reason(feed, broken), len(list_deliveries(feed, well)) >= 5) == ("filter", True)
