"""Entries of the change feed in the database, with the documents before and after each write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.condition import Condition
from service.store.feed import WAITING, FeedHead
from service.store.keys import PUBLIC_NAME

#: The kind of an update for a reader whose filter matched before it and no longer does. No stored entry has this kind.
LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One committed write.

    `changed`: the top-level fields that differ from the previous version, None if there is none to compare.
    `key_name`: the public name of the key that wrote it, None without one.
    `document` and `before`: the documents of the version and of the previous one; None if there is none, or if the
    query did not include it.
    """

    seq: int
    event_id: UUID
    version: int
    kind: str
    changed: list[str] | None
    change_kind: str | None
    key_name: str | None
    merged_into: UUID | None
    occurred_at: datetime
    document: bytes | None = None
    before: bytes | None = None
    #: True if nothing but number and ids is left of it.
    is_erased: bool = False


@dataclass(frozen=True)
class FeedSlice:
    """A part of the feed: the head at that moment, the matching entries, and the last number that was scanned."""

    head: FeedHead
    entries: list[FeedEntry]
    end: int

    @property
    def more(self) -> bool:
        """True if more entries follow."""
        return self.end < self.head.seq


def read_slice(
    conn: Connection,
    after: int,
    *,
    limit: int,
    scan: int,
    most_bytes: int,
    condition: Condition | None = None,
    kinds: Sequence[str] | None = None,
    documents: bool = True,
    before: bool = False,
) -> FeedSlice:
    """Return entries after the number `after`, if requested with `documents` and those of the versions `before`.

    At most `limit` of the next `scan` numbers, with at most `most_bytes` of documents together, but at least one. With
    a `condition` only those whose version or previous version meets it.
    """
    query = _slice_query(condition.render() if condition else None, bool(kinds), documents, before)
    values: dict[str, Any] = {
        "feed_after": after,
        "feed_limit": limit,
        "feed_scan": scan,
        "feed_bytes": most_bytes,
        "feed_kinds": list(kinds or ()),
    }
    rows = conn.execute(query, values | (condition.parameters() if condition else {}), binary=True).fetchall()
    head, matching = FeedHead(*rows[0][:5]), rows[0][5]
    entries = [FeedEntry(*row[6:]) for row in rows if row[6] is not None]
    is_complete = len(entries) == matching < limit
    return FeedSlice(head, entries, max(after, min(head.seq, after + scan)) if is_complete else entries[-1].seq)


@lru_cache(maxsize=256)  # clients use fewer shapes; each has two kilobytes
def _slice_query(condition: str | None, kinds: bool, documents: bool, before: bool) -> str:  # noqa: FBT001 (keys of the cache)
    """Return one statement, so that all it reads is of one moment and no entry is deleted in between."""
    kind, document, former = "feed.kind", "NULL::bytea", "NULL::bytea"
    joins, conditions = [], []
    if documents or condition is not None:
        joins.append(f"LEFT JOIN LATERAL ({_version('feed.version', condition)}) AS now ON TRUE")
    if before or condition is not None:
        joins.append(f"LEFT JOIN LATERAL ({_version('feed.version - 1', condition)}) AS former ON TRUE")
    if documents:
        document = "now.document"
    if before:
        former = "former.document"
    if condition is not None:
        kind = f"CASE WHEN now.holds OR feed.kind <> 'update' THEN feed.kind ELSE '{LEAVE}' END"
        conditions.append("AND (now.holds OR former.holds OR feed.erased)")
    if kinds:
        conditions.append(f"AND {kind} = ANY(%(feed_kinds)s)")
    return f"""
        SELECT generation, head.seq, floor, {WAITING}, erasures, coalesce(matching, 0),
               entry.seq, event_id, version, kind, changed, change_kind, {PUBLIC_NAME}, merged_into, occurred_at,
               document, former, erased
          FROM feed_head AS head
          LEFT JOIN LATERAL (
              SELECT *, count(*) OVER () AS matching, sum(bytes) OVER (ORDER BY seq) - bytes AS bytes_ahead
                FROM (SELECT feed.seq, event_id, version, {kind} AS kind, changed, change_kind, key_id, merged_into,
                             occurred_at, {document} AS document, {former} AS former, erased,
                             coalesce(octet_length({document}), 0) + coalesce(octet_length({former}), 0) AS bytes
                        FROM feed
                        {" ".join(joins)}
                       WHERE feed.seq > %(feed_after)s
                         AND feed.seq <= least(head.seq, %(feed_after)s::bigint + %(feed_scan)s)
                         {" ".join(conditions)}
                       ORDER BY feed.seq
                       LIMIT %(feed_limit)s) AS page
          ) AS entry ON bytes_ahead < %(feed_bytes)s
         ORDER BY entry.seq
        """


def _version(number: str, condition: str | None) -> str:
    """Return a query of the version `number` of the entry's event: its document, and whether it meets the condition."""
    holds = f", record_state = 'active' AND ({condition}) AS holds" if condition is not None else ""
    return f"""
        SELECT nullif(document, '') AS document {holds}
          FROM event_revision AS event
         WHERE event.id = feed.event_id AND event.version = {number} AND {number} > 0
        """
