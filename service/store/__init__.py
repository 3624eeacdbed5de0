"""All SQL. A function takes part in the transaction it is handed and never commits; nothing here knows Flask."""

from service.store import events, feed, feed_entries, idempotency, imports, keys, search, topics, webhooks

__all__ = ["events", "feed", "feed_entries", "idempotency", "imports", "keys", "search", "topics", "webhooks"]
