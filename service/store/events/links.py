"""The tables by which events are looked up: external ids, sources, relations, open items and search documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation

from service.errors import Conflict
from service.store.search.documents import (
    SearchDocument,
    delete_search_documents,
    document_parameters,
    upsert_search_documents,
)


@dataclass(frozen=True)
class Relation:
    """A relation to another event."""

    type: str
    target_id: UUID
    note: str | None


@dataclass(frozen=True)
class OpenItem:
    """An open date or pending commitment, such as `dates/launch`, with the day on which it is due, if there is one."""

    item: str
    due: date | None


@dataclass(frozen=True)
class Links:
    """The rows of one event in the lookup tables."""

    external_ids: Sequence[tuple[str, str]]
    url_keys: Sequence[str]
    relations: Sequence[Relation]
    open: Sequence[OpenItem] = ()
    search_document: SearchDocument | None = None


def replace_links(conn: Connection, id: UUID, links: Links) -> None:
    """Replace the event's rows in the lookup tables. Conflict if an external id belongs to another event."""
    parameters = {"id": id} | link_parameters(links, id)
    try:
        for statement in _REPLACE:
            conn.execute(statement, parameters)
    except UniqueViolation as error:
        raise conflict_error(error) from error
    if links.search_document:
        upsert_search_documents(conn, [(id, links.search_document)])
    else:
        delete_search_documents(conn, [id])


#: Old rows are deleted, new ones inserted, and unchanged ones not written.
_REPLACE = (
    """
    DELETE FROM event_external_id
     WHERE event_id = %(id)s
       AND (scheme, value) NOT IN (SELECT * FROM unnest(%(schemes)s::text[], %(values)s::text[]))
    """,
    """
    INSERT INTO event_external_id (scheme, value, event_id)
    SELECT scheme, value, %(id)s
      FROM unnest(%(schemes)s::text[], %(values)s::text[]) AS given (scheme, value)
     WHERE NOT EXISTS (SELECT FROM event_external_id AS own
                        WHERE own.scheme = given.scheme AND own.value = given.value AND own.event_id = %(id)s)
    """,
    """
    DELETE FROM event_source WHERE event_id = %(id)s AND url_key <> ALL(%(url_keys)s::text[])
    """,
    """
    INSERT INTO event_source (event_id, url_key) SELECT %(id)s, unnest(%(url_keys)s::text[]) ON CONFLICT DO NOTHING
    """,
    """
    DELETE FROM event_relation WHERE event_id = %(id)s
    """,
    """
    INSERT INTO event_relation (event_id, type, target_id, note)
    SELECT %(id)s, type, target_id, note
      FROM unnest(%(types)s::text[], %(targets)s::uuid[], %(notes)s::text[]) AS given (type, target_id, note)
    """,
    """
    DELETE FROM event_agenda
     WHERE event_id = %(id)s
       AND (item, due) NOT IN (SELECT item, coalesce(due, 'infinity')
                                 FROM unnest(%(open_items)s::text[], %(open_due)s::date[]) AS given (item, due))
    """,
    """
    INSERT INTO event_agenda (event_id, item, due)
    SELECT %(id)s, item, coalesce(due, 'infinity')
      FROM unnest(%(open_items)s::text[], %(open_due)s::date[]) AS given (item, due)
        ON CONFLICT DO NOTHING
    """,
)


def link_parameters(links: Links, id: UUID) -> dict[str, Any]:
    """Return the rows of an event as parameters of the statements."""
    return {
        "schemes": [scheme for scheme, _ in links.external_ids],
        "values": [value for _, value in links.external_ids],
        "url_keys": list(links.url_keys),
        "types": [relation.type for relation in links.relations],
        "targets": [relation.target_id for relation in links.relations],
        "notes": [relation.note for relation in links.relations],
        "open_items": [open_.item for open_ in links.open],
        "open_due": [open_.due for open_ in links.open],
    } | document_parameters([(id, links.search_document)] if links.search_document else [])


def conflict_error(error: UniqueViolation) -> Exception:
    """Return the error of a unique key: Conflict for an external id, `error` itself for any other key."""
    if error.diag.constraint_name == "event_external_id_unique":
        return Conflict("One of the external ids belongs to another event.")
    return error
