"""A value of each database that a process connects to, kept for some seconds."""

from collections.abc import Callable
from typing import Generic, TypeVar

from psycopg import Connection

T = TypeVar("T")


class DatabaseCache(Generic[T]):
    """Values by database, each measured again when it is stale."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, int, str], tuple[float, T]] = {}

    def get(self, conn: Connection, measure: Callable[[], tuple[T, float]], now: Callable[[], float]) -> T:
        """Return the value of the database of the connection.

        `measure` returns a value and the seconds for which it is fresh, by the clock `now`.
        """
        database = (conn.info.host, conn.info.port, conn.info.dbname)
        entry = self._values.get(database)
        if entry is None or entry[0] < now():
            value, seconds = measure()
            entry = self._values[database] = now() + seconds, value
        return entry[1]
