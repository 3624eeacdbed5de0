"""The filters of subscriptions: parsed, expanded and compiled once, and indexed."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection

from schemas.base import keeping_all_codes
from service.search.filter import EVERYTHING, Filter, every_words
from service.search.filters.expand import expand_filter
from service.search.filters.parser import filter_of_json, filter_of_text
from service.store.webhooks.matchers import FiltersVersion, SubscriptionFilter
from service.webhooks.filter_words import FILTER_ERRORS, FilterWords
from service.webhooks.subscription_index import IndexedSubscription, SubscriptionIndex

#: Characters of a filter that cost as much as a subscription without one.
COST_UNIT = 16


class SubscriptionFilters:
    """The filters of subscriptions by id and version, cached between two indexes."""

    def __init__(self) -> None:
        """Begin without filters."""
        self.words = FilterWords()
        self._parsed: dict[tuple[UUID, int], Filter] = {}
        #: Expanded filters, which depend on the topics and merges of a version.
        self._expanded: dict[tuple[UUID, int], Filter] = {}
        self._references: str | None = None

    def index(
        self,
        conn: Connection,
        rows: Sequence[SubscriptionFilter],
        version: FiltersVersion,
        *,
        seconds: float,
        on_error: Callable[[UUID, Exception], None],
    ) -> SubscriptionIndex | None:
        """Return an index of the subscriptions; `on_error` is called for those whose filters cannot be read.

        None if compiling their words was interrupted after `seconds`; call it again to continue.
        """
        parsed, expanded = self._parsed, self._expanded if version.references == self._references else {}
        self._parsed, self._expanded, self._references = {}, {}, version.references
        subscriptions = []
        for row in rows:
            key = row.id, row.version
            try:
                self._parsed[key] = parsed.get(key) or parse_stored_filter(row.filter)
                self._expanded[key] = expanded.get(key) or expand_filter(conn, self._parsed[key], strict=False)
            except FILTER_ERRORS as error:
                on_error(row.id, error)
            else:
                subscriptions.append(_indexed(row, self._expanded[key]))
        words = (words for one in subscriptions for words in one.words)
        is_complete = self.words.refresh(words, languages=version.languages.split(), seconds=seconds)
        return SubscriptionIndex(subscriptions) if is_complete else None


def within_budget(rows: Iterable[SubscriptionFilter], budget: int) -> list[SubscriptionFilter]:
    """Return for each key as many of its subscriptions, in order, as cost no more than `budget` together."""
    costs: dict[UUID, int] = {}
    affordable = []
    for row in rows:
        costs[row.key_id] = costs.get(row.key_id, 0) + 1 + row.size // COST_UNIT
        if costs[row.key_id] <= budget:
            affordable.append(row)
    return affordable


def parse_filter(value: Any) -> Filter:
    """Return a subscription's filter from its owner's value: None, a query string, or JSON. Raise Invalid."""
    if value is None:
        return EVERYTHING
    return filter_of_text(value) if isinstance(value, str) else filter_of_json(value)


def parse_stored_filter(value: Any) -> Filter:
    """Return the filter of a stored subscription: codes that their lists have dropped since stay valid."""
    with keeping_all_codes():
        return parse_filter(value)


def _indexed(row: SubscriptionFilter, filter_: Filter) -> IndexedSubscription:
    words, kinds = tuple(every_words(filter_)), frozenset(row.kinds)
    return IndexedSubscription(row.id, filter_, words, kinds, row.since_seq, row.until_seq)
