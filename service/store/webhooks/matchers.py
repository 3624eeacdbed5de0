"""SQL of the matchers: the filters of subscriptions, and which matcher has which of them.

The prompt matcher has the subscriptions in `prompt_subscription`, from the change after `after` on. All others, and the
earlier changes of these, are the background matcher's. Only the process that holds the prompt matcher's cursor writes
the table, so that matching never waits for the row of a subscription.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True)
class SubscriptionFilter:
    """A subscription as a matcher reads it, for the changes after `since_seq`, up to `until_seq` if there is one.

    `filter` is its owner's text or JSON, None for every event; `size` is its length in characters.
    """

    id: UUID
    key_id: UUID
    version: int
    filter: Any
    size: int
    kinds: list[str]
    since_seq: int
    until_seq: int | None


class FiltersVersion(NamedTuple):
    """Texts that change with the subscriptions, with the topics and merges of their filters, and the languages."""

    subscriptions: str
    references: str
    languages: str


#: Subscriptions that a matcher reads. A filter that failed is not read again.
_MATCHED = "deleted_at IS NULL AND disabled_reason IS DISTINCT FROM 'filter'"

_COLUMNS = "id, key_id, version, filter, coalesce(length(filter::text), 0) AS size, kinds"


def list_prompt_filters(conn: Connection) -> list[SubscriptionFilter]:
    """Return the subscriptions that the prompt matcher may have: all that are not paused."""
    cur = conn.cursor(row_factory=class_row(SubscriptionFilter))
    cur.execute(
        f"""
        SELECT {_COLUMNS}, greatest(since_seq, after) AS since_seq, NULL::bigint AS until_seq
          FROM subscription
          LEFT JOIN prompt_subscription ON subscription_id = id
         WHERE {_MATCHED} AND NOT paused
         ORDER BY id
        """
    )
    return cur.fetchall()


def list_background_filters(conn: Connection, after: int) -> list[SubscriptionFilter]:
    """Return the subscriptions whose changes after the number `after` are not all the prompt matcher's."""
    cur = conn.cursor(row_factory=class_row(SubscriptionFilter))
    cur.execute(
        f"""
        SELECT {_COLUMNS}, since_seq, prompt_subscription.after AS until_seq
          FROM subscription
          LEFT JOIN prompt_subscription ON subscription_id = id
         WHERE {_MATCHED} AND coalesce(prompt_subscription.after > %(after)s, TRUE)
         ORDER BY id
        """,
        {"after": after},
    )
    return cur.fetchall()


def assign_prompt(conn: Connection, ids: Collection[UUID], after: int) -> None:
    """Let the prompt matcher have these subscriptions and no others, the new ones from the change after `after` on."""
    values = {"ids": list(ids), "after": after}
    conn.execute("DELETE FROM prompt_subscription WHERE subscription_id <> ALL(%(ids)s)", values)
    conn.execute(
        """
        INSERT INTO prompt_subscription (subscription_id, after)
        SELECT id, %(after)s FROM unnest(%(ids)s::uuid[]) AS assigned (id)
            ON CONFLICT DO NOTHING
        """,
        values,
    )


def get_filters_version(conn: Connection, *, paused: bool) -> FiltersVersion:
    """Return the version of the filters of all subscriptions that are not paused, or with `paused` of all."""
    [row] = conn.execute(
        f"""
        SELECT (SELECT coalesce(bit_xor(uuid_hash_extended(id, 2 * version + paused::integer)), 0)
                  FROM subscription
                 WHERE {_MATCHED} AND (%(paused)s OR NOT paused))::text,
               concat_ws(',', (SELECT coalesce(bit_xor(hashtextextended(id, version)), 0) FROM topic),
                              (SELECT count(*) FROM event WHERE merged_into IS NOT NULL)),
               (SELECT coalesce(string_agg(DISTINCT configuration, ' '), '') FROM search_language)
        """,
        {"paused": paused},
    ).fetchall()
    return FiltersVersion(*row)


def get_assignment(conn: Connection) -> str:
    """Return a text that changes when the prompt matcher gets or gives a subscription."""
    [[text]] = conn.execute(
        "SELECT coalesce(bit_xor(uuid_hash_extended(subscription_id, after)), 0)::text FROM prompt_subscription"
    ).fetchall()
    return str(text)
