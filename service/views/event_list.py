"""A page of the events that a filter selects: one answer for an address and for a search as JSON."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response
from psycopg import Connection, DataError

from service import store
from service.cursors import decode_cursor, encode_cursor, fingerprint, unusable
from service.errors import Invalid
from service.feed.cursor import current_cursor
from service.http.context import reading
from service.http.pages import page, page_size, selected
from service.http.representation import refuse
from service.search.filters.expand import compile_filter
from service.search.filters.parser import filter_key, filter_of
from service.search.filters.sql import condition_of
from service.search.matches import listed_matches, require_words
from service.store.condition import Condition
from service.store.events.ordering import Order
from service.views.ranked_list import RELEVANCE, answer_ranked, is_ranked

#: What a page says of words, where none are looked for or another order is asked for.
_UNRANKED = dict.fromkeys(("ranking", "matches", "did_you_mean"))

#: How a list is sorted when it is not said: newest first by the main date.
DEFAULT_ORDER = (Order("date", descending=True),)


def answer_list(query: dict[str, Any]) -> Response:
    """The page that `query` asks for, as EventQuerySchema or SearchSchema loaded it."""
    asked, as_of, limit, is_snapshot = filter_of(query), query["as_of"], page_size(query), query.get("snapshot", False)
    # A snapshot holds what passes the filter, and nothing that only comes near.
    ranked = is_ranked(asked, query) and not is_snapshot
    require_words(query, asked, ranked=ranked)
    if ranked:
        return answer_ranked(query, asked)
    order = order_of(query, DEFAULT_ORDER)
    bound_to = fingerprint(filter_key(asked), [vars(one) for one in order], as_of)
    after = decode_cursor(query["cursor"], bound_to, len(order) + 1 + is_snapshot) if query["cursor"] else None
    require_past(as_of)
    if is_snapshot:
        refuse(query, ("as_of",), "A snapshot is of now; leave this out, or `snapshot`.")
    with reading() as conn:
        # Before the first page is read: what is written meanwhile is then followed, whether a page has it or not.
        follow = (after.pop() if after else current_cursor(conn)) if is_snapshot else None
        condition = condition_of(compile_filter(conn, asked), past=as_of is not None)
        try:
            found = store.events.listing.page_events(conn, condition, order, after, limit, as_of=as_of)
        except DataError as error:  # the fingerprint is no secret: what follows it may be forged
            raise (unusable() if after else error) from error
        count = _count(conn, condition, query)
        told = _UNRANKED | {"matches": listed_matches(conn, query, asked, found.documents)}
    cursor = encode_cursor(bound_to, [*found.end, *([follow] if follow else [])]) if found.end else None
    return page(selected(found.documents, query["fields"]), cursor, count=count, cursor=follow, **told)


def order_of(query: Mapping[str, Any], default: Sequence[Order]) -> Sequence[Order]:
    """The order that `sort` asks for, or the `default`. Invalid where that is not one of a whole list."""
    if query["sort"] and RELEVANCE[0] in query["sort"]:
        raise Invalid.at("Only pages of a list come in the order of relevance.", parameter="sort")
    return [Order(name, descending) for name, descending in query["sort"]] if query["sort"] else default


def require_past(as_of: datetime | None) -> None:
    """Pass an instant whose answer is known by now."""
    if as_of is not None and as_of > datetime.now(UTC):
        raise Invalid.at("Lies in the future, of which nothing is known yet.", parameter="as_of")


def _count(conn: Connection, condition: Condition, query: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many events match, as `count` asks; None where it does not."""
    kind = query["count"]
    return {"value": _COUNTS[kind](conn, condition, query["as_of"]), "kind": kind} if kind else None


_COUNTS = {"exact": store.events.ordering.count_events, "estimate": store.events.ordering.estimate_events}
