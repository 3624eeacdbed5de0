"""Stored responses: their expiry."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from service.store.idempotency import (
    DELETED_PER_INSERT,
    PENDING_FOR,
    STORED_FOR,
    RequestKey,
    StoredResponse,
    delete_pending,
    find_response,
    upsert_response,
)


def test_responses_expire_after_a_day_and_are_deleted_bit_by_bit(conn: psycopg.Connection) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    keys = [RequestKey(UUID(int=7), "POST /v1/events", str(number)) for number in range(DELETED_PER_INSERT + 5)]
    response = StoredResponse(b"f", 201, {"ETag": '"1"'}, b"{}")
    for key in keys:
        upsert_response(conn, key, response, noon)

    assert find_response(conn, keys[0], noon + STORED_FOR - timedelta(seconds=1)) == response
    assert find_response(conn, keys[0], noon + STORED_FOR) is None
    upsert_response(conn, keys[0], response, noon + STORED_FOR)
    count = conn.execute("SELECT count(*) FROM idempotent_answer").fetchone()
    assert count == (len(keys) - DELETED_PER_INSERT,)


def test_a_pending_response_expires_soon_and_can_be_deleted(conn: psycopg.Connection) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    key, pending = RequestKey(UUID(int=7), "POST /v1/webhooks", "1"), StoredResponse(b"f", None, {}, b"")
    upsert_response(conn, key, pending, noon)

    assert find_response(conn, key, noon + PENDING_FOR - timedelta(seconds=1)) == pending
    assert find_response(conn, key, noon + PENDING_FOR) is None
    delete_pending(conn, key)
    assert find_response(conn, key, noon) is None
    response = StoredResponse(b"f", 200, {}, b"{}")
    upsert_response(conn, key, response, noon)
    delete_pending(conn, key)
    assert find_response(conn, key, noon) == response
