"""API keys in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True)
class Key:
    """An API key without its secret."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def find_key(conn: Connection, digest: bytes) -> Key | None:
    """The valid key whose SHA-256 is `digest`."""
    cur = conn.cursor(row_factory=class_row(Key))
    cur.execute(
        """
        SELECT id, name, prefix, scopes, created_at, expires_at, revoked_at
          FROM api_key
         WHERE digest = %(digest)s
           AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > now())
        """,
        {"digest": digest},
    )
    return cur.fetchone()


def insert_key(conn: Connection, *, id: UUID, name: str, prefix: str, digest: bytes, scopes: Sequence[str]) -> Key:
    """Keep a new key."""
    cur = conn.cursor(row_factory=class_row(Key))
    cur.execute(
        """
        INSERT INTO api_key (id, name, prefix, digest, scopes, created_at)
        VALUES (%(id)s, %(name)s, %(prefix)s, %(digest)s, %(scopes)s, now())
        RETURNING id, name, prefix, scopes, created_at, expires_at, revoked_at
        """,
        {"id": id, "name": name, "prefix": prefix, "digest": digest, "scopes": list(scopes)},
    )
    return cur.fetchall()[0]
