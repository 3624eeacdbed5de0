"""All SQL. A function takes part in the transaction it is handed and never commits; nothing here knows Flask."""

from service.store import events, idempotency, keys, listing, revisions, topics

__all__ = ["events", "idempotency", "keys", "listing", "revisions", "topics"]
