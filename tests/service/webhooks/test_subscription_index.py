"""The index finds every subscription that a change can match."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from schemas.vocabulary import EntryKind
from service import store
from service.feed.change import Change
from service.feed.sequencer import catch_up
from service.search.filters.evaluate import matches
from service.search.filters.parser import filter_of_json, filter_of_text
from service.search.index.features import Features
from service.webhooks.subscription_index import IndexedSubscription, SubscriptionIndex, required_traits, traits_of
from tests.random_writer import FILTERS, Writer

KINDS = EntryKind.words()


JSON_FILTERS: tuple[Any, ...] = (
    {"any": [{"tag": "a"}, {"status": "planned"}]},
    {"any": [{"tag": "a"}, {"not": {"status": "planned"}}]},
    {"all": [{"any": [{"party": "JP"}, {"topic": "trade"}]}, {"not_tag": "b"}]},
    {"not": {"any": [{"tag": "a"}, {"tag": "b"}]}},
    {"figure_unit": "%"},
    {"figure_min": "50"},
    {"updated_since": "2024"},
    {"verification": "single_source", "tag": ["a", "b"]},
    {"q": "words", "tag": "a"},
)


def test_every_matching_subscription_is_a_candidate(feed: psycopg.Connection) -> None:
    filters = [filter_of_text(text) for text in FILTERS] + [filter_of_json(filter_) for filter_ in JSON_FILTERS]
    index = SubscriptionIndex([indexed(number, one) for number, one in enumerate(filters)])
    skipped = 0
    for features in all_features(feed):
        candidates = {one.id.int for one in index.candidates(features)}
        matching = {number for number, one in enumerate(filters) if matches(one, features, lambda _: True)}
        assert matching <= candidates
        assert all(
            not (traits := required_traits(filters[one])) or traits & set(traits_of(features)) for one in matching
        )
        skipped += len(filters) - len(candidates)
    assert skipped > 0


@pytest.mark.parametrize(
    ("filter_", "traits"),
    [
        ({"party": "JP", "external_id": "celex:1", "status": "planned"}, {("labels", "id:celex:1")}),
        ({"status": "planned", "tag": ["a", "b"]}, {("tags", "a"), ("tags", "b")}),
        ({"any": [{"tag": "a"}, {"party": "JP"}]}, {("tags", "a"), ("parties", "JP")}),
        ({"any": [{"tag": "a"}, {"q": "words"}]}, None),
        ({"not_tag": "a"}, None),
        ({}, None),
    ],
)
def test_a_filter_is_indexed_by_its_rarest_traits(filter_: Any, traits: set[tuple[str, str]] | None) -> None:
    assert required_traits(filter_of_json(filter_)) == traits


def indexed(number: int, one: Any) -> IndexedSubscription:
    return IndexedSubscription(UUID(int=number), one, (), frozenset(KINDS), 0)


def all_features(conn: psycopg.Connection) -> Iterator[Features]:
    Writer(conn, 10).write(80)
    catch_up(conn)
    part = store.feed_entries.read_slice(conn, 0, limit=1_000, scan=1_000, most_bytes=10**9)
    return (features for entry in part.entries if (features := Change(entry).after))
