"""SQL that erases events: of all that was stored about them, only the tombstones remain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from service.store.search import suggestion_index, synonyms

#: The values of a tombstone's columns. Its id, version, state and times remain.
_BLANK = """
    record_state = 'deleted', merged_into = NULL, event_type = '', status = NULL, verification = '', parties = '{}',
    affected = '{}', jurisdictions = '{}', topics = '{}', tags = '{}', publishers = '{}', currencies = '{}',
    labels = '{}', dates = '[]', figures = '[]', title_key = '', date_earliest = NULL, date_latest = NULL,
    announced_earliest = NULL, document = ''
    """

#: Tables with rows about one event, which go as a whole.
_OWNED = (
    *("event_external_id", "event_source", "event_relation", "event_agenda"),
    *("event_search", "event_search_past", "import_mark", "import_source"),
)

#: The tables in which deleted versions of rows stay until they are vacuumed, with the statistics about their values.
VACUUMED = (
    *("event", "event_revision", *_OWNED, "feed", "outbox", "delivery", "attempt", "idempotent_answer"),
    *("import_error", "facet_value", "vocabulary", "acronym"),
)


@dataclass(frozen=True)
class StoredAnswer:
    """The response that repeated requests get in place of one that showed the event."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class ErasedRows:
    """The numbers of versions, entries of the feed, deliveries, answers and errors of imports that were erased."""

    versions: int
    entries: int
    deliveries: int
    answers: int
    import_errors: int


def list_merged(conn: Connection, id: UUID) -> list[UUID]:
    """Return the event and all events that were merged into it, directly or not. Empty if it never existed."""
    rows = conn.execute(
        """
        WITH RECURSIVE family (id) AS (
            SELECT id FROM event WHERE id = %s
             UNION
            SELECT event.id FROM family JOIN event ON event.merged_into = family.id
        )
        SELECT id FROM family
        """,
        (id,),
    )
    return [id_ for [id_] in rows]


def is_followed(conn: Connection, ids: Sequence[UUID]) -> bool:
    """Return whether the feed has all changes of the events, and no index outside their rows counts their texts."""
    row = conn.execute(
        """
        SELECT NOT EXISTS (SELECT FROM outbox WHERE event_id = ANY(%(ids)s))
               AND (SELECT min(seq) FROM feed_cursor WHERE name = ANY(%(followers)s))
                   >= coalesce((SELECT max(seq) FROM feed WHERE event_id = ANY(%(ids)s)), 0)
        """,
        {"ids": list(ids), "followers": [suggestion_index.FOLLOWER, synonyms.FOLLOWER]},
    ).fetchone()
    return row == (True,)


def iterate_documents(conn: Connection, ids: Sequence[UUID]) -> Iterator[bytes]:
    """Yield the documents of all versions of the events."""
    query = "SELECT document FROM event_revision WHERE id = ANY(%s) AND document <> ''"
    for [document] in conn.execute(query, (list(ids),), binary=True):
        yield document


def erase_events(conn: Connection, ids: Sequence[UUID], texts: Sequence[str], answer: StoredAnswer) -> ErasedRows:
    """Erase the events, which must be deleted or merged, and followed. Return the numbers of rows.

    Stored responses that show one of them become `answer`, so that a repeated request does not make the event anew;
    error responses and errors of imports that quote one of the `texts` count as well.
    """
    own = {"ids": list(ids)}
    for table in _OWNED:
        conn.execute(f"DELETE FROM {table} WHERE event_id = ANY(%(ids)s)", own)
    conn.execute(f"UPDATE event SET {_BLANK} WHERE id = ANY(%(ids)s)", own)
    versions = conn.execute(_DELETE_REVISIONS, own).rowcount
    conn.execute(
        f"UPDATE event_revision SET {_BLANK}, key_id = NULL, change_kind = NULL, reason = NULL WHERE id = ANY(%(ids)s)",
        own,
    )
    entries = conn.execute(_BLANK_ENTRIES, own).rowcount
    conn.execute(_DELETE_ATTEMPTS, own)
    deliveries = conn.execute(_DELETE_DELIVERIES, own).rowcount
    answers = conn.execute(
        _REPLACE_ANSWERS,
        {
            "ids": [str(id_).encode() for id_ in ids],
            "texts": [text.encode() for text in texts],
            "status": answer.status,
            "headers": Jsonb(answer.headers),
            "body": answer.body,
        },
    ).rowcount
    import_errors = conn.execute(_DELETE_ERRORS, {"texts": [*map(str, ids), *texts]}).rowcount
    conn.execute("UPDATE feed_head SET erasures = erasures + 1")
    return ErasedRows(versions, entries, deliveries, answers, import_errors)


_DELETE_REVISIONS = """
    DELETE FROM event_revision
     USING event
     WHERE event_revision.id = event.id AND event.id = ANY(%(ids)s) AND event_revision.version < event.version
    """

# Another identity, so that no payload in a worker's memory is found by it.
_BLANK_ENTRIES = """
    UPDATE feed
       SET kind = 'delete', erased = TRUE, changed = NULL, change_kind = NULL, key_id = NULL, merged_into = NULL,
           change_id = gen_random_uuid()
     WHERE event_id = ANY(%(ids)s)
    """

_DELETE_ATTEMPTS = """
    DELETE FROM attempt
     USING delivery
     WHERE delivery.event_id = ANY(%(ids)s)
       AND (attempt.subscription_id, attempt.seq) = (delivery.subscription_id, delivery.seq)
    """

# A receiver that was not told yet to drop the event is told.
_DELETE_DELIVERIES = """
    DELETE FROM delivery
     WHERE event_id = ANY(%(ids)s) AND NOT (state = 'pending' AND kind IN ('delete', 'merge', 'leave'))
    """

_REPLACE_ANSWERS = """
    UPDATE idempotent_answer
       SET status = %(status)s, headers = %(headers)s, body = %(body)b
     WHERE EXISTS (SELECT
                     FROM unnest(%(ids)s::bytea[]) AS id
                    WHERE position(id IN body) > 0 OR position(id IN convert_to(headers::text, 'UTF8')) > 0)
        OR status >= 400
           AND EXISTS (SELECT FROM unnest(%(texts)s::bytea[]) AS part WHERE position(part IN body) > 0)
    """

_DELETE_ERRORS = """
    DELETE FROM import_error
     WHERE EXISTS (SELECT FROM unnest(%(texts)s::text[]) AS part WHERE position(part IN detail) > 0)
    """


def vacuum(conn: Connection) -> None:
    """Remove the deleted versions of rows from the disk, and their values from the planner's statistics.

    `conn` must be in autocommit.
    """
    # ANALYZE leaves the statistics of a table as they are if it is empty now.
    conn.execute(
        """
        SELECT pg_clear_attribute_stats(schemaname::text, tablename::text, attname::text, inherited)
          FROM pg_stats
         WHERE schemaname = current_schema() AND tablename = ANY(%s)
        """,
        (list(VACUUMED),),
    )
    conn.execute(f"VACUUM (ANALYZE) {', '.join(VACUUMED)}")
