"""Stored responses: their expiry."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from service.store.idempotency import (
    DELETED_PER_INSERT,
    STORED_FOR,
    RequestKey,
    StoredResponse,
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
