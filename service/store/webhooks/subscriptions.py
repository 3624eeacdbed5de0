"""SQL of subscriptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from service.errors import NotFound, Stale

#: Notices that a subscription keeps, the latest first.
MAX_NOTICES = 20


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A subscription without its secrets."""

    id: UUID
    key_id: UUID
    version: int
    url: str
    filter: Any
    kinds: list[str]
    payload: str
    description: str | None
    paused: bool
    rate_limit: int | None
    ordered: bool
    handshake: str
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    former_until: datetime | None
    notices: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime


_COLUMNS = ", ".join(Subscription.__dataclass_fields__)

#: Columns that an owner sets.
_OWNED = ("url", "filter", "kinds", "payload", "description", "paused", "rate_limit", "ordered")

#: The column `notices` with %(notice)s before the earlier ones.
_NOTICES = f"""(
    SELECT jsonb_agg(notice ORDER BY place)
      FROM jsonb_array_elements(%(notice)s || notices) WITH ORDINALITY AS all_notices (notice, place)
     WHERE place <= {MAX_NOTICES}
    )"""


def get_subscription(conn: Connection, id: UUID, owner: UUID | None, *, lock: bool = False) -> Subscription:
    """Return the subscription `id`, with `lock` locked against other writers. Raise NotFound if there is none.

    With an `owner`, only the key's own subscriptions exist.
    """
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          FROM subscription
         WHERE id = %(id)s AND deleted_at IS NULL
           AND (%(owner)s::uuid IS NULL OR key_id = %(owner)s)
        {"FOR NO KEY UPDATE" if lock else ""}
        """,
        {"id": id, "owner": owner},
    )
    return _one(cur.fetchone(), id)


def page_subscriptions(conn: Connection, owner: UUID | None, *, after: str | None, limit: int) -> list[Subscription]:
    """Return at most `limit` subscriptions after the id `after`, oldest first; with an `owner`, only the key's own."""
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          FROM subscription
         WHERE deleted_at IS NULL
           AND (%(owner)s::uuid IS NULL OR key_id = %(owner)s)
           AND (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
         ORDER BY id
         LIMIT %(limit)s
        """,
        {"owner": owner, "after": after, "limit": limit},
    )
    return cur.fetchall()


def count_subscriptions(conn: Connection, owner: UUID) -> int:
    """Return the number of `owner`'s subscriptions. No other transaction can add one until this one ends."""
    conn.execute("SELECT FROM api_key WHERE id = %s FOR NO KEY UPDATE", (owner,))
    query = "SELECT count(*) FROM subscription WHERE key_id = %s AND deleted_at IS NULL"
    [[count]] = conn.execute(query, (owner,)).fetchall()
    return int(count)


def insert_subscription(
    conn: Connection, fields: Mapping[str, Any], *, id: UUID, key_id: UUID, shard: int, secret: bytes, now: datetime
) -> Subscription:
    """Insert a subscription to the changes that the feed numbers from now on. Return it."""
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        INSERT INTO subscription (
            id, key_id, shard, version, {", ".join(_OWNED)}, handshake, since_seq, secret, created_at, updated_at
        )
        SELECT %(id)s, %(key_id)s, %(shard)s, 1, {", ".join(f"%({name})s" for name in _OWNED)}, %(handshake)s, seq,
               %(secret)b, %(now)s, %(now)s
          FROM feed_head
     RETURNING {_COLUMNS}
        """,
        {**_values(fields), "id": id, "key_id": key_id, "shard": shard, "secret": secret, "now": now},
    )
    return _one(cur.fetchone(), id)


def update_subscription(
    conn: Connection, before: Subscription, fields: Mapping[str, Any], *, now: datetime
) -> Subscription:
    """Update the owner's fields of `before`, which must be locked. Return the subscription.

    Resuming it enables it again. A new URL starts without failures, and with a new handshake.
    """
    moved, resumed = fields["url"] != before.url, before.paused and not fields["paused"]
    values = _values(fields)
    if before.handshake == "passed" and fields["handshake"] and not moved:
        values["handshake"] = "passed"
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        UPDATE subscription
           SET ({", ".join(_OWNED)}) = ROW ({", ".join(f"%({name})s" for name in _OWNED)}),
               handshake = %(handshake)s,
               version = version + 1,
               updated_at = greatest(updated_at, %(now)s),
               disabled_at = CASE WHEN %(paused)s THEN disabled_at END,
               disabled_reason = CASE WHEN %(paused)s THEN disabled_reason END,
               failing_since = CASE WHEN NOT %(fresh)s THEN failing_since END,
               failing_attempts = CASE WHEN %(fresh)s THEN 0 ELSE failing_attempts END,
               notices = CASE WHEN %(resumed)s THEN {_NOTICES} ELSE notices END
         WHERE id = %(id)s
     RETURNING {_COLUMNS}
        """,
        {
            **values,
            "id": before.id,
            "now": now,
            "fresh": moved or resumed,
            "resumed": resumed,
            "notice": _notice("resumed", now),
        },
    )
    return _one(cur.fetchone(), before.id)


def rotate_secret(conn: Connection, id: UUID, secret: bytes, *, until: datetime, now: datetime) -> Subscription:
    """Set a new secret; the current one remains valid `until` then. Return the subscription."""
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        UPDATE subscription
           SET secret = %(secret)b, former_secret = secret, former_until = %(until)s,
               version = version + 1, updated_at = greatest(updated_at, %(now)s), notices = {_NOTICES}
         WHERE id = %(id)s
     RETURNING {_COLUMNS}
        """,
        {"id": id, "secret": secret, "until": until, "now": now, "notice": _notice("secret_rotated", now)},
    )
    return _one(cur.fetchone(), id)


def delete_subscription(conn: Connection, id: UUID, *, expected: int, now: datetime) -> None:
    """Mark the subscription as deleted; the clean-up deletes the rows. Raise Stale if it has another version."""
    deleted = conn.execute(
        """
        UPDATE subscription SET deleted_at = %(now)s, updated_at = greatest(updated_at, %(now)s), paused = TRUE
         WHERE id = %(id)s AND version = %(expected)s AND deleted_at IS NULL
        """,
        {"id": id, "expected": expected, "now": now},
    )
    if deleted.rowcount == 0:
        raise Stale(f"The webhook {id} has changed. Read it again.")


def disable_subscription(conn: Connection, id: UUID, reason: str, *, now: datetime) -> bool:
    """Disable the subscription for `reason`. Return False if it was disabled before, or is deleted."""
    return (
        conn.execute(
            f"""
            UPDATE subscription
               SET paused = TRUE, disabled_at = %(now)s, disabled_reason = %(reason)s,
                   version = version + 1, updated_at = greatest(updated_at, %(now)s), notices = {_NOTICES}
             WHERE id = %(id)s AND disabled_at IS NULL AND deleted_at IS NULL
            """,
            {"id": id, "reason": reason, "now": now, "notice": _notice("disabled", now, reason)},
        ).rowcount
        == 1
    )


def record_exhausted(conn: Connection, ids: list[UUID], *, now: datetime) -> None:
    """Add a notice about failed deliveries, unless it is the latest notice already."""
    conn.execute(
        f"""
        UPDATE subscription SET version = version + 1, updated_at = greatest(updated_at, %(now)s), notices = {_NOTICES}
         WHERE id = ANY(%(ids)s) AND notices #>> '{{0,kind}}' IS DISTINCT FROM 'exhausted'
        """,
        {"ids": ids, "now": now, "notice": _notice("exhausted", now)},
    )


def pass_handshake(conn: Connection, id: UUID, rate: int | None, *, now: datetime) -> None:
    """Record the receiver's consent, and its limit of `rate` deliveries a minute if it has one."""
    conn.execute(
        f"""
        UPDATE subscription
           SET handshake = 'passed', rate_limit = least(rate_limit, %(rate)s),
               version = version + 1, updated_at = greatest(updated_at, %(now)s), notices = {_NOTICES}
         WHERE id = %(id)s AND handshake = 'pending'
        """,
        {"id": id, "rate": rate, "now": now, "notice": _notice("handshake_passed", now)},
    )


def disable_keyless(conn: Connection, *, public: bool, now: datetime) -> int:
    """Disable subscriptions of keys that are invalid or may not read events. Return their number."""
    rows = conn.execute(
        """
        SELECT subscription.id
          FROM subscription
          JOIN api_key ON api_key.id = key_id
         WHERE deleted_at IS NULL AND disabled_at IS NULL
           AND (revoked_at <= now() OR expires_at <= now() OR NOT (%(public)s OR scopes && '{events:read,admin}'))
         ORDER BY subscription.id
         LIMIT 1000
        """,
        {"public": public},
    ).fetchall()
    return sum(disable_subscription(conn, id_, "key", now=now) for [id_] in rows)


def _values(fields: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: fields[name] for name in _OWNED}
    filter_ = Jsonb(fields["filter"]) if fields["filter"] is not None else None
    return values | {"filter": filter_, "handshake": "pending" if fields["handshake"] else "none"}


def _notice(kind: str, now: datetime, reason: str | None = None) -> Jsonb:
    return Jsonb({"at": now.isoformat(timespec="microseconds").replace("+00:00", "Z"), "kind": kind, "reason": reason})


def _one(subscription: Subscription | None, id: UUID) -> Subscription:
    if subscription is None:
        raise NotFound(f"There is no webhook {id}.")
    return subscription
