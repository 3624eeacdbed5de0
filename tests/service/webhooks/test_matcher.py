"""Changes become deliveries to the matching subscriptions, once each; a bad filter stops no other subscription."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from typing import Any
from uuid import RFC_4122, UUID

import psycopg
import pytest

from schemas import fields
from service import store
from service.feed.reader import FeedRequest, read_page
from service.feed.sequencer import catch_up
from service.search.filter import Words
from service.search.text.compiled_words import CompiledWords
from service.search.text.query_compiler import compile_query
from service.webhooks.matcher import Matcher
from tests.deliveries import list_deliveries, subscribe
from tests.factories import a_topic, create_event
from tests.matches import disabled_reason, fail, match_all
from tests.random_writer import FILTERS, NOW, Writer, compiled_filter


def test_a_subscription_gets_the_changes_that_the_feed_has_for_its_filter(
    feed: psycopg.Connection, key_id: UUID
) -> None:
    writer = Writer(feed, 1)
    subscriptions = {subscribe(feed, key_id, text): text for text in (*FILTERS, None)}
    for _ in range(4):
        writer.write(30)
        match_all(feed)

    for subscription, text in subscriptions.items():
        feed_request = FeedRequest(compiled_filter(feed, text)) if text else FeedRequest()
        expected = [(one.seq, one.event_id, one.kind) for one in read_page(feed, feed_request, 0, 1_000).entries]
        assert list_deliveries(feed, subscription) == expected, text


def test_other_kinds_of_changes_are_not_delivered(feed: psycopg.Connection, key_id: UUID) -> None:
    writer = Writer(feed, 2)
    subscription = subscribe(feed, key_id, "tag=a", kinds=["leave", "delete"])
    writer.write(60)
    match_all(feed)
    feed_request = FeedRequest(compiled_filter(feed, "tag=a"), ("leave", "delete"))
    expected = [(one.seq, one.event_id, one.kind) for one in read_page(feed, feed_request, 0, 1_000).entries]
    assert list_deliveries(feed, subscription) == expected != []


def test_a_new_subscription_gets_the_changes_that_are_sequenced_after_it(
    feed: psycopg.Connection, key_id: UUID
) -> None:
    writer = Writer(feed, 3)
    early = subscribe(feed, key_id, None)
    writer.write(5)
    catch_up(feed)
    late = subscribe(feed, key_id, None)
    writer.write(5)
    match_all(feed)
    assert [seq for seq, _, _ in list_deliveries(feed, early)][-1] == store.feed.get_head(feed).seq
    assert [one for one in list_deliveries(feed, early) if one[0] > 5] == list_deliveries(feed, late) != []


def test_the_cursor_moves_without_subscriptions_too(feed: psycopg.Connection) -> None:
    Writer(feed, 4).write(20)
    match_all(feed)
    lag = store.feed.get_feed_lag(feed)
    assert (lag.matched, lag.oldest_unmatched) == (lag.seq, None)


def test_concurrent_matchers_deliver_each_change_once(feed: psycopg.Connection, database: str, key_id: UUID) -> None:
    writer = Writer(feed, 5)
    subscription = subscribe(feed, key_id, None)
    writer.write(100)
    catch_up(feed)

    def match(_: int) -> int:
        with psycopg.connect(database, autocommit=True) as conn:
            matcher, total = Matcher(), 0
            while store.feed.get_feed_lag(conn).oldest_unmatched:
                total += matcher.match_once(conn, NOW)
            return total

    with ThreadPoolExecutor(4) as threads:
        matched = sum(threads.map(match, range(4)))
    assert [seq for seq, _, _ in list_deliveries(feed, subscription)] == list(range(1, matched + 1))


def test_a_failed_batch_moves_no_cursor_and_is_repeated(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(feed, 6)
    subscription = subscribe(feed, key_id, None)
    writer.write(10)
    catch_up(feed)
    with monkeypatch.context() as patched:
        patched.setattr(store.feed, "move_cursor", fail)
        with pytest.raises(RuntimeError):
            Matcher().match_once(feed, NOW)
    assert list_deliveries(feed, subscription) == []

    match_all(feed)
    assert len(list_deliveries(feed, subscription)) == store.feed.get_head(feed).seq


def test_delivery_ids_follow_the_write_through_crashes_and_restores(feed: psycopg.Connection, key_id: UUID) -> None:
    for filter_ in (None, "not_tag=nobody"):
        subscribe(feed, key_id, filter_)
    Writer(feed, 12).write(10)
    before = ids_of_matches(feed)
    assert ids_of_matches(feed) == before
    assert len({id_ for _, _, id_ in before}) == len(before) > 10
    assert {(id_.version, id_.variant) for _, _, id_ in before} == {(8, RFC_4122)}
    store.feed.begin_generation(feed)
    assert ids_of_matches(feed) == before
    feed.execute("UPDATE feed SET change_id = gen_random_uuid()")  # other writes, under the numbers of lost ones
    assert {id_ for _, _, id_ in ids_of_matches(feed)}.isdisjoint(id_ for _, _, id_ in before)


def test_a_write_that_gets_another_number_after_a_recovery_keeps_its_delivery_id(
    feed: psycopg.Connection, key_id: UUID
) -> None:
    subscribe(feed, key_id, None)
    for event in (1, 2):
        feed.execute(
            "INSERT INTO outbox (event_id, version, kind, occurred_at) VALUES (%s, 1, 'create', %s)",
            (UUID(int=event), NOW),
        )
    feed.execute("CREATE TEMPORARY TABLE recovered AS SELECT * FROM outbox ORDER BY id")
    before = [id_ for _, _, id_ in ids_of_matches(feed)]
    feed.execute("DELETE FROM feed")
    feed.execute("UPDATE feed_head SET seq = 10, generation = gen_random_uuid()")
    feed.execute("INSERT INTO outbox OVERRIDING USER VALUE SELECT * FROM recovered ORDER BY id DESC")
    rows = ids_of_matches(feed)
    assert [(seq, id_) for _, seq, id_ in rows] == [(11, before[1]), (12, before[0])]


def test_entries_without_a_change_id_are_identified_by_generation_and_number(
    feed: psycopg.Connection, key_id: UUID
) -> None:
    subscription = subscribe(feed, key_id, None)
    Writer(feed, 14).write(3)
    ids_of_matches(feed)
    feed.execute("UPDATE feed SET change_id = NULL")
    before = {id_ for _, _, id_ in ids_of_matches(feed)}
    digest = md5(f"{store.feed.get_head(feed).generation}1{subscription}".encode(), usedforsecurity=False).hexdigest()
    assert UUID(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}") in before
    store.feed.begin_generation(feed)
    assert before.isdisjoint(id_ for _, _, id_ in ids_of_matches(feed))


def test_a_filter_of_another_history_is_read_again_under_the_same_version(
    feed: psycopg.Connection, key_id: UUID
) -> None:
    subscription, matcher, writer = subscribe(feed, key_id, "tag=nobody"), Matcher(), Writer(feed, 15)
    writer.write(5)
    match_all(feed, matcher)
    assert list_deliveries(feed, subscription) == []
    feed.execute("UPDATE subscription SET filter = NULL")  # the same version, as after a failover that lost an update
    store.feed.begin_generation(feed)
    writer.write(5)
    match_all(feed, matcher)
    assert list_deliveries(feed, subscription) != []


def ids_of_matches(conn: psycopg.Connection) -> list[tuple[UUID, int, UUID]]:
    """Match the whole feed, and return subscription, number and id of each delivery, which are deleted again."""
    match_all(conn)
    rows = conn.execute("SELECT subscription_id, seq, id FROM delivery ORDER BY 1, 2").fetchall()
    conn.execute("DELETE FROM delivery")
    conn.execute("UPDATE feed_cursor SET seq = 0 WHERE name = 'matcher'")
    return rows


def test_a_subscription_with_an_unreadable_filter_is_disabled_and_the_others_continue(
    feed: psycopg.Connection, key_id: UUID
) -> None:
    writer = Writer(feed, 7)
    broken = [subscribe(feed, key_id, filter_) for filter_ in ("nonsense=1", {"any": 5}, {"status": "planed"})]
    well = subscribe(feed, key_id, "not_tag=nobody")
    writer.write(10)
    match_all(feed)

    assert [disabled_reason(feed, one) for one in (*broken, well)] == ["filter"] * 3 + [None]
    assert [len(list_deliveries(feed, one)) > 0 for one in (*broken, well)] == [False] * 3 + [True]


def test_a_subscription_whose_filter_fails_on_an_event_is_disabled_and_the_others_continue(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_one(words: Words, languages: Sequence[str]) -> CompiledWords:
        if words.text == "poison":
            raise LookupError(words.text)
        return compile_query(Words("-nobody"), languages)

    monkeypatch.setattr("service.webhooks.filter_words.compile_query", compile_one)
    writer = Writer(feed, 8)
    poisoned = subscribe(feed, key_id, "q=poison")
    well = [subscribe(feed, key_id, filter_) for filter_ in ("q=plain", "q=simple&not_tag=nobody")]
    writer.write(10)
    match_all(feed)

    assert [disabled_reason(feed, one) for one in (poisoned, *well)] == ["filter", None, None]
    assert list_deliveries(feed, well[0]) == list_deliveries(feed, well[1]) != []


def test_a_change_for_many_subscriptions_ends_its_batch(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.webhooks.fan_out.MAX_DELIVERIES", 4)
    writer = Writer(feed, 11)
    subscriptions = [subscribe(feed, key_id, None) for _ in range(3)]
    writer.write(7)
    catch_up(feed)
    matcher = Matcher()
    assert [matcher.match_once(feed, NOW) for _ in range(4)] == [2, 2, 2, 1]
    assert [len(list_deliveries(feed, one)) for one in subscriptions] == [7, 7, 7]


def test_a_changed_filter_applies_from_the_next_batch(feed: psycopg.Connection, key_id: UUID) -> None:
    matcher, writer = Matcher(), Writer(feed, 9)
    subscription = subscribe(feed, key_id, "tag=nobody")
    writer.write(10)
    match_all(feed, matcher)
    assert list_deliveries(feed, subscription) == []

    feed.execute("UPDATE subscription SET filter = '\"not_tag=nobody\"', version = 2")
    before = store.feed.get_head(feed).seq
    writer.write(10)
    match_all(feed, matcher)
    assert [seq for seq, _, _ in list_deliveries(feed, subscription)] == list(
        range(before + 1, store.feed.get_head(feed).seq + 1)
    )


def test_a_new_narrower_topic_matches_its_broader_topic_from_then_on(
    feed: psycopg.Connection, key_id: UUID, client: Any
) -> None:
    matcher = Matcher()
    for topic in ("energy", "tidal"):
        client.post("/v1/topics", json=a_topic(topic))
    subscription = subscribe(feed, key_id, "topic=energy")
    create_event(client, topics=[{"id": "tidal"}])
    match_all(feed, matcher)
    assert list_deliveries(feed, subscription) == []

    client.patch("/v1/topics/tidal", json={"broader": ["energy"]}, headers={"If-Match": '"1"'})
    create_event(client, topics=[{"id": "tidal"}])
    match_all(feed, matcher)
    assert [seq for seq, _, _ in list_deliveries(feed, subscription)] == [2]


def test_words_match_in_a_language_that_is_new_to_the_database(
    feed: psycopg.Connection, key_id: UUID, client: Any
) -> None:
    matcher = Matcher()
    subscription = subscribe(feed, key_id, "q=ministries")
    create_event(client, title="Ministère", lang="fr")
    match_all(feed, matcher)
    create_event(client, title="The ministry", lang="en")
    match_all(feed, matcher)
    assert [seq for seq, _, _ in list_deliveries(feed, subscription)] == [2]


@pytest.mark.parametrize(
    ("filter_", "seqs"),
    [
        ({"any": [{"q": "battery"}, {"q": "mining"}]}, [1, 2]),
        ({"all": [{"q": "mining"}, {"q": "-battery"}]}, [2]),
        ({"not": {"any": [{"q": "battery"}, {"q": "mining"}]}}, [3]),
    ],
)
def test_several_words_in_one_filter_are_all_matched(
    feed: psycopg.Connection, key_id: UUID, client: Any, filter_: Any, seqs: list[int]
) -> None:
    subscription = subscribe(feed, key_id, filter_)
    for title in ("Battery law", "Mining law", "Other"):
        create_event(client, title=title)
    match_all(feed)
    assert [seq for seq, _, _ in list_deliveries(feed, subscription)] == seqs


def test_a_filter_keeps_a_code_that_its_list_has_dropped_since(
    feed: psycopg.Connection, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(feed, 7)
    subscriptions = [
        subscribe(feed, key_id, "party=JP,EU&figure_currency=EUR"),
        subscribe(feed, key_id, {"any": [{"party": ["JP"]}, {"lang": "en"}]}),
    ]
    writer.write(3)
    monkeypatch.setattr(fields, "jurisdiction_names", dict)
    monkeypatch.setattr(fields, "currency_names", dict)
    monkeypatch.setattr(fields, "is_language", lambda _: False)
    match_all(feed)
    assert [disabled_reason(feed, one) for one in subscriptions] == [None, None]
