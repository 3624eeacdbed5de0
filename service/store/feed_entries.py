"""Entries of the change feed: what was written, with the documents from before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.condition import Condition
from service.store.feed import WAITING, FeedHead

#: What an update is to those whose filter held before it and holds no more. No entry is kept under that kind.
LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One committed write.

    `changed` are the top-level fields that differ from the version before, None where there is none to compare with.
    `document` is what the version says and `before` what the one before it said; None where that is nothing, or where
    it was not asked for.
    """

    seq: int
    event_id: UUID
    version: int
    kind: str
    changed: list[str] | None
    change_kind: str | None
    key_id: UUID | None
    merged_into: UUID | None
    occurred_at: datetime
    document: bytes | None = None
    before: bytes | None = None


@dataclass(frozen=True)
class FeedSlice:
    """A stretch of the feed: where that stood, those of its entries that were asked for, the last number looked at."""

    head: FeedHead
    entries: list[FeedEntry]
    end: int

    @property
    def more(self) -> bool:
        """Whether the feed goes on behind it."""
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
    """The entries that follow the number `after`, with their documents and those of the versions before them, if asked.

    At most `limit` from the next `scan` numbers, and only so many that their documents have no more than `most_bytes`
    together, but always one. Where a `condition` is given, those whose version meets it or whose version before did.
    """
    query = _slice_query(condition.render() if condition else None, bool(kinds), documents, before)
    values: dict[str, Any] = {
        "feed_after": after,
        "feed_limit": limit,
        "feed_scan": scan,
        "feed_bytes": most_bytes,
        "feed_kinds": list(kinds or ()),
    }
    found = conn.execute(query, values | (condition.parameters() if condition else {}), binary=True).fetchall()
    head, chosen = FeedHead(*found[0][:4]), found[0][4]
    entries = [FeedEntry(*row[5:]) for row in found if row[5] is not None]
    whole = len(entries) == chosen < limit
    return FeedSlice(head, entries, max(after, min(head.seq, after + scan)) if whole else entries[-1].seq)


@lru_cache(maxsize=256)  # more than the shapes that clients use; each is two kilobytes
def _slice_query(condition: str | None, kinds: bool, documents: bool, before: bool) -> str:  # noqa: FBT001 (keys of the cache)
    """One statement, so that what it reads is of one moment: nothing is taken from under a reader."""
    kind, document, former = "feed.kind", "NULL::bytea", "NULL::bytea"
    joins, wanted = [], []
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
        wanted.append("AND (now.holds OR former.holds)")
    if kinds:
        wanted.append(f"AND {kind} = ANY(%(feed_kinds)s)")
    return f"""
        SELECT generation, head.seq, floor, {WAITING}, coalesce(chosen, 0),
               entry.seq, event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at,
               document, former
          FROM feed_head AS head
          LEFT JOIN LATERAL (
              SELECT *, count(*) OVER () AS chosen, sum(bytes) OVER (ORDER BY seq) - bytes AS bytes_ahead
                FROM (SELECT feed.seq, event_id, version, {kind} AS kind, changed, change_kind, key_id, merged_into,
                             occurred_at, {document} AS document, {former} AS former,
                             coalesce(octet_length({document}), 0) + coalesce(octet_length({former}), 0) AS bytes
                        FROM feed
                        {" ".join(joins)}
                       WHERE feed.seq > %(feed_after)s
                         AND feed.seq <= least(head.seq, %(feed_after)s::bigint + %(feed_scan)s)
                         {" ".join(wanted)}
                       ORDER BY feed.seq
                       LIMIT %(feed_limit)s) AS asked
          ) AS entry ON bytes_ahead < %(feed_bytes)s
         ORDER BY entry.seq
        """


def _version(number: str, condition: str | None) -> str:
    """The version `number` of the entry's event: its document, and whether it meets the condition."""
    holds = f", record_state = 'active' AND ({condition}) AS holds" if condition is not None else ""
    return f"""
        SELECT nullif(document, '') AS document {holds}
          FROM event_revision AS event
         WHERE event.id = feed.event_id AND event.version = {number} AND {number} > 0
        """
