"""Matching of changes with subscriptions for tests, and its result."""

from uuid import UUID

import psycopg

from service.feed.sequencer import catch_up
from service.webhooks.matcher import BackgroundMatcher, FeedMatcher, Matcher
from tests.random_writer import NOW


def match_all(conn: psycopg.Connection, matcher: Matcher | None = None) -> None:
    """Sequence and match all writes."""
    catch_up(conn)
    for one in (matcher or Matcher(), BackgroundMatcher()):
        match_until_done(conn, one)


def match_until_done(conn: psycopg.Connection, matcher: FeedMatcher) -> None:
    """Match all changes that the matcher may match by now."""
    while matcher.match_once(conn, NOW):
        pass


def states_of(conn: psycopg.Connection, subscription: UUID) -> set[str]:
    rows = conn.execute("SELECT DISTINCT state FROM delivery WHERE subscription_id = %s", (subscription,)).fetchall()
    return {state for (state,) in rows}


def disabled_reason(conn: psycopg.Connection, subscription: UUID) -> str | None:
    [[reason]] = conn.execute("SELECT disabled_reason FROM subscription WHERE id = %s", (subscription,)).fetchall()
    return reason if reason is None else str(reason)


def fail(*_: object) -> None:
    raise RuntimeError
