"""API keys in the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound


@dataclass(frozen=True)
class Key:
    """An API key without its secret. `last_used_at` is a whole minute."""

    id: UUID
    name: str
    public_name: str | None
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


_COLUMNS = "id, name, public_name, prefix, scopes, created_at, expires_at, revoked_at, last_used_at"


def find_key(conn: Connection, digest: bytes) -> Key | None:
    """Return the valid key whose SHA-256 is `digest`."""
    cur = conn.cursor(row_factory=class_row(Key))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          FROM api_key
         WHERE digest = %(digest)s
           AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > now())
        """,
        {"digest": digest},
    )
    return cur.fetchone()


def get_key(conn: Connection, id: UUID) -> Key:
    """Return the key `id`, valid or not. NotFound if there is none."""
    cur = conn.cursor(row_factory=class_row(Key))
    cur.execute(f"SELECT {_COLUMNS} FROM api_key WHERE id = %(id)s", {"id": id})
    return _one(cur.fetchone(), id)


def page_keys(conn: Connection, *, after: str | None, limit: int) -> list[Key]:
    """Return up to `limit` keys in order of creation, after the id `after`."""
    cur = conn.cursor(row_factory=class_row(Key))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          FROM api_key
         WHERE %(after)s::uuid IS NULL OR id > %(after)s::uuid
         ORDER BY id
         LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )
    return cur.fetchall()


def all_keys(conn: Connection) -> Iterator[Key]:
    """Yield every key in order of creation."""
    after = None
    while page := page_keys(conn, after=after, limit=1000):
        yield from page
        after = str(page[-1].id)


def insert_key(
    conn: Connection,
    *,
    id: UUID,
    name: str,
    prefix: str,
    digest: bytes,
    scopes: Sequence[str],
    public_name: str | None = None,
    expires_at: datetime | None = None,
) -> Key:
    """Insert a new key and return it."""
    cur = conn.cursor(row_factory=class_row(Key))
    cur.execute(
        f"""
        INSERT INTO api_key (id, name, public_name, prefix, digest, scopes, created_at, expires_at)
        VALUES (%(id)s, %(name)s, %(public_name)s, %(prefix)s, %(digest)s, %(scopes)s, now(), %(expires_at)s)
        RETURNING {_COLUMNS}
        """,
        {
            "id": id,
            "name": name,
            "public_name": public_name,
            "prefix": prefix,
            "digest": digest,
            "scopes": list(scopes),
            "expires_at": expires_at,
        },
    )
    return cur.fetchall()[0]


def publish_key(conn: Connection, id: UUID, public_name: str | None) -> Key:
    """Set the name under which readers see the versions that the key `id` wrote and will write."""
    cur = conn.cursor(row_factory=class_row(Key))
    query = f"UPDATE api_key SET public_name = %(public_name)s WHERE id = %(id)s RETURNING {_COLUMNS}"
    cur.execute(query, {"id": id, "public_name": public_name})
    return _one(cur.fetchone(), id)


#: The public name of the key `key_id` of a row.
PUBLIC_NAME = "(SELECT public_name FROM api_key WHERE api_key.id = key_id)"


def revoke_key(conn: Connection, id: UUID) -> Key:
    """Revoke the key `id`. A key that is revoked already keeps its time of revocation."""
    cur = conn.cursor(row_factory=class_row(Key))
    cur.execute(
        f"""
        UPDATE api_key
           SET revoked_at = coalesce(revoked_at, now())
         WHERE id = %(id)s
        RETURNING {_COLUMNS}
        """,
        {"id": id},
    )
    return _one(cur.fetchone(), id)


def record_use(conn: Connection, id: UUID) -> None:
    """Set the key's `last_used_at` to this minute, unless it is."""
    conn.execute(
        """
        UPDATE api_key
           SET last_used_at = date_trunc('minute', now())
         WHERE id = %(id)s
           AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', now()))
        """,
        {"id": id},
    )


def _one(key: Key | None, id: UUID) -> Key:
    if key is None:
        raise NotFound(f"There is no key {id}.")
    return key
