"""/v1/topics: the topics of events, as a tree."""

from typing import Any

import orjson
from flask import Blueprint, Response, request, url_for
from psycopg import Connection

from schemas.lists import TopicQuerySchema, page_of
from schemas.topics import NewTopicSchema, TopicSchema, topic_content
from service import clock, store
from service.cursors import decode_cursor, encode_cursor, fingerprint
from service.errors import Conflict, Fault, Invalid, NotFound, PreconditionRequired, Stale
from service.events.topics import first_topic, next_topic
from service.http.auth import own_faults, requires
from service.http.conditional import require_match, require_unchanged
from service.http.context import json_body, reading, transaction
from service.http.operation import Patch, operation, respond
from service.http.pages import page_response, page_size
from service.store.topics import StoredTopic
from service.validation import load

topics = Blueprint("topics", __name__, url_prefix="/v1/topics")

_NEW_TOPIC = NewTopicSchema()


@topics.get("")
@requires("events:read")
@operation(query=TopicQuerySchema, returns=(200, page_of(TopicSchema)))
def list_topics(query: dict[str, Any]) -> Response:
    """List topics in the order of their ids."""
    limit, bound_to = page_size(query), fingerprint("topics", query["broader"])
    after = decode_cursor(query["cursor"], bound_to, 1)[0] if query["cursor"] else None
    with reading() as conn:
        members = store.topics.page_topics(conn, after=after, broader=query["broader"], limit=limit + 1)
    cursor = encode_cursor(bound_to, [members[limit - 1].id]) if len(members) > limit else None
    return page_response([topic.document for topic in members[:limit]], cursor)


@topics.post("")
@requires("events:write")
@operation(body=NewTopicSchema, returns=(201, TopicSchema), also=[Conflict])
def create_topic(body: dict[str, Any]) -> Response:
    """Create a topic."""
    with transaction() as conn:
        store.topics.lock_topics(conn)
        require_broader(conn, body)
        stored = store.topics.insert_topic(conn, first_topic(body, clock.now()))
    return respond(stored.document, stored.version, 201, url_for("topics.get_topic", topic_id=stored.id))


@topics.get("/<topic_id>")
@requires("events:read")
@operation(returns=(200, TopicSchema), also=[NotFound], conditional=True)
def get_topic(topic_id: str) -> Response:
    """Read one topic."""
    with reading() as conn:
        stored = store.topics.get_topic(conn, topic_id)
    return respond(stored.document, stored.version)


def _stored_document(topic_id: str) -> Any:
    """Return the topic as it is stored."""
    with reading() as conn:
        return orjson.loads(store.topics.get_topic(conn, topic_id).document)


@topics.put("/<topic_id>")
@requires("events:write")
@operation(
    body=NewTopicSchema,
    replaces=_stored_document,
    returns=(200, TopicSchema),
    also=[NotFound, Stale, PreconditionRequired],
    conditional=True,
)
def replace_topic(topic_id: str, body: dict[str, Any]) -> Response:
    """Replace a topic.

    Requires If-Match. The id cannot change.
    """
    with transaction() as conn:
        return _revise(conn, _lock_matching(conn, topic_id), body)


@topics.patch("/<topic_id>")
@requires("events:write")
@operation(
    patches=NewTopicSchema,
    returns=(200, TopicSchema),
    also=[NotFound, Invalid, Stale, PreconditionRequired],
    conditional=True,
)
def patch_topic(topic_id: str, patch: Patch) -> Response:
    """Change parts of a topic by JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902).

    Requires If-Match.
    """
    with reading() as conn:
        before = _get_matching(conn, topic_id)
    document = orjson.loads(before.document)
    with own_faults(json_body):
        body = load(_NEW_TOPIC, patch(document), document)
    with transaction() as conn:
        stored = _lock_matching(conn, topic_id)
        require_unchanged(before.version, stored.version)
        return _revise(conn, stored, body)


@topics.delete("/<topic_id>")
@requires("events:write")
@operation(returns=(204, None), also=[NotFound, Conflict, Stale, PreconditionRequired], conditional=True)
def delete_topic(topic_id: str) -> Response:
    """Delete a topic without events and without topics below it.

    Requires If-Match.
    """
    with transaction() as conn:
        stored = _lock_matching(conn, topic_id)
        store.topics.delete_topic(conn, topic_id, expected=stored.version)
    return Response(status=204)


def require_broader(conn: Connection, topic: dict[str, Any]) -> None:
    """Raise Invalid if a broader topic does not exist or is below the topic itself. Lock the topics before."""
    missing = store.topics.find_missing_topics(conn, topic["broader"])
    faults = [
        Fault(f'There is no topic "{id_}".', pointer=f"#/broader/{index}")
        for index, id_ in enumerate(topic["broader"])
        if id_ in missing
    ]
    narrower = store.topics.list_narrower(conn, [topic["id"]])
    faults += [
        Fault(f'"{id_}" is this topic or below it.', pointer=f"#/broader/{index}")
        for index, id_ in enumerate(topic["broader"])
        if id_ in narrower
    ]
    if faults:
        raise Invalid(faults=faults)


def _get_matching(conn: Connection, topic_id: str) -> StoredTopic:
    """Return the topic. Stale or PreconditionRequired unless If-Match names its version."""
    stored = store.topics.get_topic(conn, topic_id)
    require_match(request.headers, stored.version)
    return stored


def _lock_matching(conn: Connection, topic_id: str) -> StoredTopic:
    """Return the topic, with all topics locked. Errors as of _get_matching."""
    store.topics.lock_topics(conn)
    return _get_matching(conn, topic_id)


def _revise(conn: Connection, stored: StoredTopic, body: dict[str, Any]) -> Response:
    if body["id"] != stored.id:
        raise Invalid("The id of a topic cannot change.", [Fault(f'Must be "{stored.id}".', pointer="#/id")])
    before = orjson.loads(stored.document)
    if body != topic_content(before):
        require_broader(conn, body)
        row = next_topic(body, before, clock.now())
        stored = store.topics.update_topic(conn, row, expected=stored.version)
    return respond(stored.document, stored.version)
