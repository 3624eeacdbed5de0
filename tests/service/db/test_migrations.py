"""The migration runner, against a database of its own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier

from service.config import ROOT
from service.db import migrations
from service.db.embedded_postgres import Server
from service.db.migrations import MigrationError, migrate, pending, read_migrations

TOPICS = {
    "0001_topics.sql": "CREATE TABLE topic (name text);",
    "0002_taxes.sql": "INSERT INTO topic VALUES ('taxes'); INSERT INTO topic VALUES ('100 % tariffs');",
    "0003_topic_index.sql": "-- no transaction\nCREATE INDEX CONCURRENTLY topic_name ON topic (name)",
}

#: Connects, says so, waits for the word to begin, migrates, and prints what it applied.
MIGRATE = """
import sys
from pathlib import Path
import psycopg
from service.db.migrations import migrate

with psycopg.connect(sys.argv[1]) as conn:
    print("ready", flush=True)
    sys.stdin.readline()
    print(*migrate(conn, Path(sys.argv[2])))
"""


@pytest.fixture
def empty_database(cluster: Server, admin: psycopg.Connection) -> Iterator[str]:
    """The URL of a database to which nothing was applied."""
    name = "policytrail_empty"
    admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    yield cluster.dsn(name)
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def conn(empty_database: str) -> Iterator[psycopg.Connection]:
    """A connection, not in autocommit, to `empty_database`."""
    connection = psycopg.connect(empty_database)
    yield connection
    connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three migrations: a table, two rows, an index built concurrently."""
    return written(tmp_path / "migrations", TOPICS)


def written(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, sql in files.items():
        (folder / name).write_text(sql)
    return folder


def topics(conn: psycopg.Connection) -> list[str]:
    return [name for (name,) in conn.execute("SELECT name FROM topic ORDER BY name")]


def tables(conn: psycopg.Connection) -> list[str]:
    return [name for (name,) in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]


def test_a_test_database_has_all_migrations(database: str) -> None:
    with psycopg.connect(database) as conn:
        assert pending(conn, ROOT / "migrations") == []


def test_pending_files_are_applied_in_order_and_once(conn: psycopg.Connection, folder: Path) -> None:
    assert migrate(conn, folder) == list(TOPICS)
    assert migrate(conn, folder) == []
    assert topics(conn) == ["100 % tariffs", "taxes"]


def test_only_a_new_file_is_applied(conn: psycopg.Connection, folder: Path) -> None:
    migrate(conn, folder)
    written(folder, {"0004_health.sql": "INSERT INTO topic VALUES ('health')"})

    assert pending(conn, folder) == ["0004_health.sql"]
    assert migrate(conn, folder) == ["0004_health.sql"]


def test_all_files_of_an_empty_database_are_pending_and_the_check_only_reads(
    conn: psycopg.Connection, folder: Path
) -> None:
    assert pending(conn, folder) == list(TOPICS)
    assert tables(conn) == []


def test_no_file_is_pending_for_a_release_older_than_the_database(conn: psycopg.Connection, folder: Path) -> None:
    migrate(conn, folder)
    (folder / "0003_topic_index.sql").unlink()

    assert pending(conn, folder) == []


def test_schema_migration_has_number_name_and_hash(conn: psycopg.Connection, folder: Path) -> None:
    migrate(conn, folder)

    notes = conn.execute(
        "SELECT number, name, sha256, applied_at <= now() FROM schema_migration ORDER BY number"
    ).fetchall()
    assert notes == [
        (migration.number, migration.name, migration.sha256, True) for migration in read_migrations(folder)
    ]


def test_the_autocommit_mode_of_the_connection_is_restored(empty_database: str, folder: Path) -> None:
    with psycopg.connect(empty_database) as plain:
        migrate(plain, folder)
        assert not plain.autocommit
    autocommit: psycopg.Connection[DictRow]
    with psycopg.connect(empty_database, autocommit=True, row_factory=dict_row) as autocommit:
        assert migrate(autocommit, folder) == []
        assert autocommit.autocommit


def test_a_connection_in_a_transaction_is_refused(conn: psycopg.Connection, folder: Path) -> None:
    conn.execute("SELECT 1")

    with pytest.raises(MigrationError, match="not in a transaction"):
        migrate(conn, folder)


def test_four_processes_at_once_apply_each_file_exactly_once(
    empty_database: str, conn: psycopg.Connection, folder: Path
) -> None:
    command = [sys.executable, "-c", MIGRATE, empty_database, str(folder)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    answers = []
    for process in processes:
        assert process.stdin
        process.stdin.write("begin\n")
        process.stdin.flush()
    for process in processes:
        out, _ = process.communicate(timeout=20)
        answers += out.split()

    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert answers == list(TOPICS)
    assert topics(conn) == ["100 % tariffs", "taxes"]


def test_waiting_for_the_lock_too_long_is_an_error(
    conn: psycopg.Connection, empty_database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_PATIENCE", 0.2)
    with psycopg.connect(empty_database) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrations.LOCK_KEY])
        with pytest.raises(MigrationError, match="another process"):
            migrate(conn, folder)

    assert migrate(conn, folder) == list(TOPICS)


def test_an_edited_file_is_refused_by_name_before_any_is_applied(conn: psycopg.Connection, folder: Path) -> None:
    migrate(conn, folder)
    written(folder, {"0002_taxes.sql": "SELECT 1", "0004_health.sql": "INSERT INTO topic VALUES ('health')"})

    with pytest.raises(MigrationError, match=r"^0002_taxes\.sql was changed after it was applied$"):
        migrate(conn, folder)
    assert topics(conn) == ["100 % tariffs", "taxes"]


def test_other_line_ends_are_no_edit(conn: psycopg.Connection, folder: Path) -> None:
    migrate(conn, folder)
    index = folder / "0003_topic_index.sql"
    index.write_bytes(index.read_bytes().replace(b"\n", b"\r\n"))

    assert migrate(conn, folder) == []


@pytest.mark.parametrize("new_name", [None, "0003_another_index.sql"])
def test_an_applied_file_that_is_missing_is_refused_by_name(
    conn: psycopg.Connection, folder: Path, new_name: str | None
) -> None:
    migrate(conn, folder)
    removed = folder / "0003_topic_index.sql"
    removed.unlink() if new_name is None else removed.rename(folder / new_name)

    with pytest.raises(MigrationError, match=r"^0003_topic_index\.sql was applied, but is missing"):
        migrate(conn, folder)


def test_a_failing_file_rolls_back_alone(conn: psycopg.Connection, folder: Path) -> None:
    written(
        folder, {"0004_parties.sql": "CREATE TABLE party (name text);\nSELECT no_such_thing;\nCREATE TABLE late ()"}
    )

    with pytest.raises(
        MigrationError, match=r'(?s)^0004_parties\.sql failed: column "no_such_thing" does not exist.*LINE 2'
    ):
        migrate(conn, folder)

    assert tables(conn) == ["schema_migration", "topic"]
    assert pending(conn, folder) == ["0004_parties.sql"]


def test_a_corrected_file_is_applied_after_a_failure(conn: psycopg.Connection, tmp_path: Path) -> None:
    folder = written(tmp_path, {"0001_topics.sql": "CREATE TABEL topic (name text)"})
    with pytest.raises(MigrationError):
        migrate(conn, folder)
    written(folder, {"0001_topics.sql": "CREATE TABLE topic (name text)"})

    assert migrate(conn, folder) == ["0001_topics.sql"]


def test_a_migration_does_not_wait_long_for_a_locked_table(conn: psycopg.Connection, tmp_path: Path) -> None:
    folder = written(tmp_path, {"0001_timeout.sql": "CREATE TABLE timeout AS SELECT current_setting('lock_timeout')"})
    migrate(conn, folder)

    assert conn.execute("TABLE timeout").fetchall() == [("5s",)]
    assert conn.execute("SHOW lock_timeout").fetchall() == [("0",)]


def test_a_file_that_ends_its_transaction_is_refused(conn: psycopg.Connection, tmp_path: Path) -> None:
    folder = written(tmp_path, {"0001_topics.sql": "CREATE TABLE topic (name text); COMMIT"})

    with pytest.raises(MigrationError, match=r"^0001_topics\.sql ends the transaction"):
        migrate(conn, folder)
    assert pending(conn, folder) == ["0001_topics.sql"]


def test_a_file_without_a_transaction_has_one_statement(conn: psycopg.Connection, tmp_path: Path) -> None:
    folder = written(tmp_path, {"0001_two.sql": "-- no transaction\nCREATE TABLE one (); CREATE TABLE two ()"})

    with pytest.raises(MigrationError, match=r"^0001_two\.sql failed: cannot insert multiple commands"):
        migrate(conn, folder)
    assert tables(conn) == ["schema_migration"]


def test_a_file_with_only_comments_is_applied(conn: psycopg.Connection, tmp_path: Path) -> None:
    folder = written(tmp_path, {"0001_nothing.sql": "-- nothing yet\n"})

    assert migrate(conn, folder) == ["0001_nothing.sql"]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["0001_a.sql", "0003_c.sql"], r"^0003_c\.sql should have number 0002"),
        (["0001_a.sql", "0001_b.sql"], r"^0001_b\.sql should have number 0002"),
        (["0000_a.sql"], r"^0000_a\.sql should have number 0001"),
        (["0001_a.sql", "2_b.sql"], r"^2_b\.sql is not named like"),
        (["0001-a.sql"], r"^0001-a\.sql is not named like"),
        (["0001_a.SQL"], r"^0001_a\.SQL is not named like"),
        (["0001_A.sql"], r"^0001_A\.sql is not named like"),
    ],
)
def test_gaps_duplicates_and_bad_names_are_refused_by_name(tmp_path: Path, names: list[str], fault: str) -> None:
    with pytest.raises(MigrationError, match=fault):
        read_migrations(written(tmp_path, dict.fromkeys(names, "SELECT 1")))


def test_a_file_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_bytes(b"-- caf\xe9")

    with pytest.raises(MigrationError, match=r"^0001_a\.sql is not UTF-8$"):
        read_migrations(tmp_path)


def test_other_files_in_the_directory_are_ignored(folder: Path) -> None:
    (folder / "README.md").touch()

    assert [(migration.number, migration.name) for migration in read_migrations(folder)] == list(
        enumerate(TOPICS, start=1)
    )
