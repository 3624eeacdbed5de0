"""Values of databases, measured again when they are stale."""

from functools import partial

import psycopg

from service.store.database_cache import DatabaseCache


def test_a_value_is_measured_again_when_it_is_stale(conn: psycopg.Connection) -> None:
    cache, values = DatabaseCache[str](), iter("abc")

    def measure() -> tuple[str, float]:
        return next(values), 10.0

    assert [cache.get(conn, measure, partial(float, now)) for now in (0.0, 10.0, 10.1, 20.1, 20.2)] == [
        "a",
        "a",
        "b",
        "b",
        "c",
    ]


def test_each_database_has_its_own_value(conn: psycopg.Connection, admin: psycopg.Connection) -> None:
    cache = DatabaseCache[str]()
    assert cache.get(conn, lambda: ("one", 1.0), lambda: 0.0) == "one"
    assert cache.get(admin, lambda: ("other", 1.0), lambda: 0.0) == "other"
    assert cache.get(conn, lambda: ("new", 1.0), lambda: 0.0) == "one"
