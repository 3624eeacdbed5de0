"""The transaction of a row's present version, as this server counts it."""

import psycopg
import pytest

from service.store.search import transactions


def test_a_row_is_of_the_transaction_that_wrote_it(conn: psycopg.Connection) -> None:
    conn.execute("CREATE TABLE sample AS SELECT pg_current_xact_id() AS own")
    query = f"SELECT own, {transactions.row_transaction('sample')} FROM sample"
    for _ in range(2):  # in the transaction itself, and behind it
        [[own, transaction]] = conn.execute(query.encode()).fetchall()
        assert transaction == own
        conn.commit()


@pytest.mark.parametrize(
    ("latest", "xmin", "transaction"),
    [
        (5 * 2**32 + 1_000, 900, 5 * 2**32 + 900),
        (5 * 2**32 + 1_000, 1_000, 5 * 2**32 + 1_000),
        (5 * 2**32 + 1_000, 2**32 - 7, 5 * 2**32 - 7),
        (1_000, 900, 900),
    ],
)
def test_numbers_of_32_bits_are_continued(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, latest: int, xmin: int, transaction: int
) -> None:
    monkeypatch.setattr(transactions, "_NEXT", f"{latest}::bigint")
    query = f"SELECT {transactions.row_transaction('row')} FROM (SELECT {xmin} AS xmin) AS row"
    assert conn.execute(query.encode()).fetchone() == (str(transaction),)
