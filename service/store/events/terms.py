"""The index terms of stored events, written anew after a change of the rules by which the application makes them."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import orjson
from psycopg import Connection

from service.store.events.records import lock_events

#: The index terms of each version of an event, and the keys of its sources if it is active.
Versions = Mapping[tuple[UUID, int], Iterable[str]]
Keys = Mapping[UUID, Iterable[str]]


def claim_outdated_events(conn: Connection, limit: int) -> list[UUID]:
    """Delete at most `limit` rows of event_to_reindex and return their events, locked against writers."""
    rows = conn.execute(
        """
        DELETE FROM event_to_reindex
         WHERE event_id IN (SELECT event_id
                              FROM event_to_reindex
                             ORDER BY event_id
                             LIMIT %s
                               FOR UPDATE SKIP LOCKED)
     RETURNING event_id
        """,
        (limit,),
    ).fetchall()
    ids = [id_ for (id_,) in rows]
    lock_events(conn, ids)
    return ids


def insert_outdated_events(conn: Connection) -> None:
    """Mark every event, so that its terms are made anew."""
    conn.execute("INSERT INTO event_to_reindex (event_id) SELECT id FROM event ON CONFLICT DO NOTHING")


def list_versions(conn: Connection, ids: Sequence[UUID]) -> list[tuple[UUID, int, bytes, bool]]:
    """Return id, version and document of each version that has one, and whether an active event is at it."""
    return conn.execute(
        """
        SELECT id, revision.version, revision.document,
               event.record_state = 'active' AND event.version = revision.version
          FROM event_revision AS revision
          JOIN event USING (id)
         WHERE id = ANY(%s) AND revision.document <> ''
        """,
        (list(ids),),
        binary=True,
    ).fetchall()


def update_terms(conn: Connection, versions: Versions, keys: Keys) -> None:
    """Write the terms of versions, to the event as well as to its revision, and the source keys of active events."""
    rows = orjson.dumps(
        [{"id": id_, "version": version, "terms": sorted(terms)} for (id_, version), terms in versions.items()]
    ).decode()
    for table in ("event", "event_revision"):
        conn.execute(
            f"""
            UPDATE {table} AS stored
               SET labels = given.terms
              FROM json_to_recordset(%s) AS given (id uuid, version integer, terms text[])
             WHERE stored.id = given.id AND stored.version = given.version AND stored.labels <> given.terms
            """,
            (rows,),
        )
    parameters = {
        "ids": list(keys),
        "pairs": orjson.dumps([{"id": id_, "key": key} for id_, several in keys.items() for key in several]).decode(),
    }
    conn.execute(
        """
        WITH given AS (
            SELECT id, key FROM json_to_recordset(%(pairs)s) AS given (id uuid, key text)
        ), deleted AS (
            DELETE FROM event_source
             WHERE event_id = ANY(%(ids)s) AND (event_id, url_key) NOT IN (SELECT id, key FROM given)
        )
        INSERT INTO event_source (event_id, url_key) SELECT id, key FROM given ON CONFLICT DO NOTHING
        """,
        parameters,
    )


def update_documents(conn: Connection, documents: Mapping[tuple[UUID, int], bytes]) -> None:
    """Write the documents of versions, to the event as well as to its revision. Their content is the same as before."""
    for table in ("event", "event_revision"):
        with conn.cursor() as cur:
            cur.executemany(
                f"UPDATE {table} SET document = %(document)s WHERE id = %(id)s AND version = %(version)s",
                [{"id": id_, "version": version, "document": text} for (id_, version), text in documents.items()],
            )
