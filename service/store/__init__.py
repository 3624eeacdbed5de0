"""All SQL. A function takes part in the transaction it is handed and never commits; nothing here knows Flask."""

from service.store import counting, duplicates, events, idempotency, keys, listing, relations, revisions, topics

__all__ = ["counting", "duplicates", "events", "idempotency", "keys", "listing", "relations", "revisions", "topics"]
