"""Subscriptions in the database: who is to be told of which changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from service.errors import NotFound, Stale

#: Notices that a subscription keeps.
MOST_NOTICES = 20


@dataclass(frozen=True)
class Watch:
    """What the matcher needs of a subscription. `filter` is as it was written, null for every event."""

    id: UUID
    version: int
    filter: Any
    kinds: list[str]
    since_seq: int


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

#: What an owner says, as columns.
_SAID = ("url", "filter", "kinds", "payload", "description", "paused", "rate_limit", "ordered")

#: `notices` with %(notice)s before them.
_NOTED = f"""(
    SELECT jsonb_agg(notice ORDER BY place)
      FROM jsonb_array_elements(%(notice)s || notices) WITH ORDINALITY AS kept (notice, place)
     WHERE place <= {MOST_NOTICES}
    )"""


def active_subscriptions(conn: Connection) -> list[Watch]:
    """Every subscription whose changes are recorded; also the paused, whose deliveries are skipped, not lost."""
    cur = conn.cursor(row_factory=class_row(Watch))
    cur.execute(
        """
        SELECT id, version, filter, kinds, since_seq
          FROM subscription
         WHERE deleted_at IS NULL
           AND disabled_reason IS DISTINCT FROM 'filter'
         ORDER BY id
        """
    )
    return cur.fetchall()


def mark_watches(conn: Connection) -> str:
    """A text that is another one where a subscription, or what its filter takes along, may have become another."""
    [[mark]] = conn.execute(
        """
        SELECT concat_ws(',', (SELECT coalesce(bit_xor(uuid_hash_extended(id, version)), 0)
                                 FROM subscription
                                WHERE deleted_at IS NULL AND disabled_reason IS DISTINCT FROM 'filter'),
                              (SELECT coalesce(bit_xor(hashtextextended(id, version)), 0) FROM topic),
                              (SELECT count(*) FROM event WHERE merged_into IS NOT NULL),
                              (SELECT count(DISTINCT configuration) FROM search_language))
        """
    ).fetchall()
    return str(mark)


def get_subscription(conn: Connection, id: UUID, owner: UUID | None, *, lock: bool = False) -> Subscription:
    """The subscription `id`, locked against other writers if asked. NotFound where it is not `owner`'s.

    Without an owner it may be anybody's.
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
    """At most `limit` subscriptions in the order they were made, behind the id `after`; only `owner`'s where given."""
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
    """How many `owner` has. No other transaction of the owner's adds one until this one ends."""
    conn.execute("SELECT FROM api_key WHERE id = %s FOR NO KEY UPDATE", (owner,))
    query = "SELECT count(*) FROM subscription WHERE key_id = %s AND deleted_at IS NULL"
    [[count]] = conn.execute(query, (owner,)).fetchall()
    return int(count)


def insert_subscription(
    conn: Connection, said: Mapping[str, Any], *, id: UUID, key_id: UUID, shard: int, secret: bytes, now: datetime
) -> Subscription:
    """Keep a new subscription. What the feed has numbered already is not for it."""
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        INSERT INTO subscription (
            id, key_id, shard, version, {", ".join(_SAID)}, handshake, since_seq, secret, created_at, updated_at
        )
        SELECT %(id)s, %(key_id)s, %(shard)s, 1, {", ".join(f"%({name})s" for name in _SAID)}, %(handshake)s, seq,
               %(secret)b, %(now)s, %(now)s
          FROM feed_head
     RETURNING {_COLUMNS}
        """,
        {**_values(said), "id": id, "key_id": key_id, "shard": shard, "secret": secret, "now": now},
    )
    return _one(cur.fetchone(), id)


def update_subscription(
    conn: Connection, before: Subscription, said: Mapping[str, Any], *, now: datetime
) -> Subscription:
    """Let `before`, which must be locked, be what its owner says from now on.

    What is no longer paused is no longer disabled. How another address answers is not known yet.
    """
    moved, resumed = said["url"] != before.url, before.paused and not said["paused"]
    values = _values(said)
    if before.handshake == "passed" and said["handshake"] and not moved:
        values["handshake"] = "passed"
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        UPDATE subscription
           SET ({", ".join(_SAID)}) = ROW ({", ".join(f"%({name})s" for name in _SAID)}),
               handshake = %(handshake)s,
               version = version + 1,
               updated_at = %(now)s,
               disabled_at = CASE WHEN %(paused)s THEN disabled_at END,
               disabled_reason = CASE WHEN %(paused)s THEN disabled_reason END,
               failing_since = CASE WHEN NOT %(fresh)s THEN failing_since END,
               failing_attempts = CASE WHEN %(fresh)s THEN 0 ELSE failing_attempts END,
               notices = CASE WHEN %(resumed)s THEN {_NOTED} ELSE notices END
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
    """Sign by `secret` from now on, and by the one before it `until` then."""
    cur = conn.cursor(row_factory=class_row(Subscription))
    cur.execute(
        f"""
        UPDATE subscription
           SET secret = %(secret)b, former_secret = secret, former_until = %(until)s,
               version = version + 1, updated_at = %(now)s, notices = {_NOTED}
         WHERE id = %(id)s
     RETURNING {_COLUMNS}
        """,
        {"id": id, "secret": secret, "until": until, "now": now, "notice": _notice("secret_rotated", now)},
    )
    return _one(cur.fetchone(), id)


def delete_subscription(conn: Connection, id: UUID, *, expected: int, now: datetime) -> None:
    """Send nothing more and show nothing; the rows go by and by. Stale where it has moved on."""
    deleted = conn.execute(
        """
        UPDATE subscription SET deleted_at = %(now)s, updated_at = %(now)s, paused = TRUE
         WHERE id = %(id)s AND version = %(expected)s AND deleted_at IS NULL
        """,
        {"id": id, "expected": expected, "now": now},
    )
    if deleted.rowcount == 0:
        raise Stale(f"The webhook {id} has another version by now; read it again.")


def disable_subscription(conn: Connection, id: UUID, reason: str, *, now: datetime) -> bool:
    """Pause the subscription for `reason`, unless that has been done; whether it was."""
    return (
        conn.execute(
            f"""
            UPDATE subscription
               SET paused = TRUE, disabled_at = %(now)s, disabled_reason = %(reason)s,
                   version = version + 1, updated_at = %(now)s, notices = {_NOTED}
             WHERE id = %(id)s AND disabled_at IS NULL AND deleted_at IS NULL
            """,
            {"id": id, "reason": reason, "now": now, "notice": _notice("disabled", now, reason)},
        ).rowcount
        == 1
    )


def note_exhausted(conn: Connection, ids: list[UUID], *, now: datetime) -> None:
    """Tell owners that deliveries were given up; those whose latest notice says so already know."""
    conn.execute(
        f"""
        UPDATE subscription SET version = version + 1, updated_at = %(now)s, notices = {_NOTED}
         WHERE id = ANY(%(ids)s) AND notices #>> '{{0,kind}}' IS DISTINCT FROM 'exhausted'
        """,
        {"ids": ids, "now": now, "notice": _notice("exhausted", now)},
    )


def pass_handshake(conn: Connection, id: UUID, rate: int | None, *, now: datetime) -> None:
    """The receiver agrees, to `rate` deliveries a minute at most where it names one."""
    conn.execute(
        f"""
        UPDATE subscription
           SET handshake = 'passed', rate_limit = least(rate_limit, %(rate)s),
               version = version + 1, updated_at = %(now)s, notices = {_NOTED}
         WHERE id = %(id)s AND handshake = 'pending'
        """,
        {"id": id, "rate": rate, "now": now, "notice": _notice("handshake_passed", now)},
    )


def disable_keyless(conn: Connection, *, public: bool, now: datetime) -> int:
    """Disable the subscriptions of keys that are not valid any more, or may not read; how many there were."""
    found = conn.execute(
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
    return sum(disable_subscription(conn, id_, "key", now=now) for [id_] in found)


def _values(said: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: said[name] for name in _SAID}
    asked = Jsonb(said["filter"]) if said["filter"] is not None else None
    return values | {"filter": asked, "handshake": "pending" if said["handshake"] else "none"}


def _notice(kind: str, now: datetime, reason: str | None = None) -> Jsonb:
    return Jsonb({"at": now.isoformat(timespec="microseconds").replace("+00:00", "Z"), "kind": kind, "reason": reason})


def _one(found: Subscription | None, id: UUID) -> Subscription:
    if found is None:
        raise NotFound(f"There is no webhook {id}.")
    return found
