"""All SQL. A function takes part in the transaction it is handed and never commits; nothing here knows Flask.

A statement is composed in one way: an f-string over names from closed tables of our own (columns, sort keys, table
aliases) and over Conditions that render themselves. A value is never part of the text: it is a parameter. Text that is
composed is not edited afterwards.
"""

from service.store import erasure, events, feed, feed_entries, idempotency, imports, keys, search, topics, webhooks

__all__ = [
    "erasure",
    "events",
    "feed",
    "feed_entries",
    "idempotency",
    "imports",
    "keys",
    "search",
    "topics",
    "webhooks",
]
