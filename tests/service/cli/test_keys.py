"""`policytrail keys`: the first key, and what to do where the API cannot be reached."""

import re
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from click.testing import Result

from service import store
from service.ids import digest
from tests.commands import command

Run = Callable[..., Result]


@pytest.fixture
def keys(database: str) -> Run:
    def run(*arguments: str) -> Result:
        return command(database, "keys", *arguments)

    return run


def new_key(keys: Run, *arguments: str) -> str:
    done = keys("create", *arguments)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def listed(keys: Run) -> list[list[str]]:
    return [line.split("\t") for line in keys("list").output.splitlines()[1:]]


def test_a_new_key_is_valid(keys: Run, conn: psycopg.Connection) -> None:
    secret = new_key(keys, "crawler", "--scope", "events:write", "--scope", "events:read")
    key = store.keys.find_key(conn, digest(secret))
    assert key
    assert (key.name, key.scopes, key.expires_at) == ("crawler", ["events:read", "events:write"], None)


def test_a_key_can_expire(keys: Run) -> None:
    new_key(keys, "guest", "--scope", "events:read", "--expires", "2099-12-31")
    assert [row[4] for row in listed(keys)] == ["2099-12-31T00:00Z"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--scope", "events"], "events: scopes are events:read, events:write, webhooks, admin."),
        (["x", "--scope", "admin", "--expires", "2020-01-01"], "must be in the future"),
        (["x"], "Missing option '--scope'"),
        (["\u200b", "--scope", "admin"], "Must not be blank"),
        (["x" * 101, "--scope", "admin"], "Must have at most 100 characters"),
    ],
)
def test_an_invalid_key_is_refused(keys: Run, arguments: list[str], message: str) -> None:
    refused = keys("create", *arguments)
    assert (refused.exit_code, listed(keys)) == (2, [])
    assert message in refused.output


def test_keys_are_listed_without_their_secrets(keys: Run) -> None:
    secrets = [new_key(keys, name, "--scope", "admin") for name in ("one", "two")]
    text = keys("list").output

    rows = listed(keys)
    assert [(row[1], row[2], *row[4:]) for row in rows] == [
        (secrets[0][:8], "admin", "-", "-", "-", "one"),
        (secrets[1][:8], "admin", "-", "-", "-", "two"),
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", row[3]) for row in rows)
    assert not any(secret in text for secret in secrets)


def test_keys_beyond_one_page_of_the_query_are_listed(keys: Run, database: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute(
            """
            INSERT INTO api_key (id, name, prefix, digest, scopes, created_at)
            SELECT gen_random_uuid(), n, 'ptk_', n::text::bytea, '{admin}', now() FROM generate_series(1, 1001) AS n
            """
        )
    assert len({row[0] for row in listed(keys)}) == 1001


def test_a_revoked_key_is_invalid_and_still_listed(keys: Run, conn: psycopg.Connection) -> None:
    secret = new_key(keys, "crawler", "--scope", "admin")
    [row] = listed(keys)
    revoked = [keys("revoke", row[0]).output for _ in range(2)]

    assert revoked == [f"crawler ({secret[:8]}…) is revoked.\n"] * 2
    assert store.keys.find_key(conn, digest(secret)) is None
    assert listed(keys)[0][5] != "-"


def test_an_unknown_key_cannot_be_revoked(keys: Run) -> None:
    refused = keys("revoke", str(UUID(int=7)))
    assert (refused.exit_code, refused.output) == (1, f"Error: There is no key {UUID(int=7)}.\n")


def test_a_key_is_public_when_it_is_named_so(keys: Run, conn: psycopg.Connection) -> None:
    secret = new_key(keys, "crawler", "--scope", "events:read", "--public-name", "The policy team")
    assert keys("create", "x", "--scope", "admin", "--public-name", " ").exit_code == 2
    id_ = listed(keys)[0][0]

    def public_name() -> str | None:
        key = store.keys.find_key(conn, digest(secret))
        return key.public_name if key else ""

    assert public_name() == "The policy team"
    assert "is not public" in keys("publish", id_).output
    assert public_name() is None
    assert "is public as The team" in keys("publish", id_, "The team").output
    assert public_name() == "The team"
    assert keys("publish", id_, "a\x07b").exit_code == 2
