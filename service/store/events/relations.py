"""Relations between events, looked up from the end that does not state them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True)
class Incoming:
    """A relation that the event `event_id` states."""

    event_id: UUID
    type: str
    note: str | None


@dataclass(frozen=True)
class End:
    """The event to which `asked` leads. It has no title where it was deleted."""

    asked: UUID
    id: UUID
    record_state: str
    title: str | None


def page_incoming(conn: Connection, id: UUID, *, after: Sequence[str] | None, limit: int) -> list[Incoming]:
    """At most `limit` relations to the event, or to those merged into it, beyond the event id and type `after`."""
    cur = conn.cursor(row_factory=class_row(Incoming))
    cur.execute(
        """
        WITH RECURSIVE own (id) AS (
            SELECT %(id)s::uuid
         UNION ALL
            SELECT event.id
              FROM own
              JOIN event ON event.merged_into = own.id
        )
        SELECT DISTINCT ON (event_id, type) event_id, type, note
          FROM event_relation
         WHERE target_id IN (SELECT id FROM own)
           AND (%(after_id)s::uuid IS NULL OR (event_id, type) > (%(after_id)s::uuid, %(after_type)s::text))
         ORDER BY event_id, type, target_id
         LIMIT %(limit)s
        """,
        {"id": id, "limit": limit} | dict(zip(("after_id", "after_type"), after or (None, None), strict=True)),
        binary=True,
    )
    return cur.fetchall()


def find_ends(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, End]:
    """Where relations to `ids` lead: merges are followed."""
    if not ids:
        return {}
    cur = conn.cursor(row_factory=class_row(End))
    cur.execute(
        """
        WITH RECURSIVE followed (asked, id) AS (
            SELECT id, id
              FROM event
             WHERE id = ANY(%(ids)s)
         UNION ALL
            SELECT asked, event.merged_into
              FROM followed
              JOIN event USING (id)
             WHERE event.merged_into IS NOT NULL
        )
        SELECT asked, id, record_state,
               CASE record_state WHEN 'active' THEN convert_from(document, 'UTF8')::json ->> 'title' END AS title
          FROM followed
          JOIN event USING (id)
         WHERE merged_into IS NULL
        """,
        {"ids": list(ids)},
        binary=True,
    )
    return {end.asked: end for end in cur}


def find_same_events(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Each of `ids` with every id that means the same event by now: merges are followed there and back."""
    rows = conn.execute(
        """
        WITH RECURSIVE followed (asked, id, merged_into) AS (
            SELECT id, id, merged_into
              FROM event
             WHERE id = ANY(%(ids)s)
         UNION ALL
            SELECT asked, event.id, event.merged_into
              FROM followed
              JOIN event ON event.id = followed.merged_into
        ), same (asked, id) AS (
            SELECT asked, id FROM followed WHERE merged_into IS NULL
         UNION ALL
            SELECT asked, event.id
              FROM same
              JOIN event ON event.merged_into = same.id
        )
        SELECT asked, array_agg(id) FROM same GROUP BY asked
        """,
        {"ids": list(ids)},
        binary=True,
    )
    return dict(rows.fetchall())
