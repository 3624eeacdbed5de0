"""An empty app under the service's gunicorn.conf.py: the most that gunicorn and its worker class can do."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from service.db.pool import Database

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Empty:
    """A WSGI app that answers every request with an empty object."""

    #: gunicorn.conf.py opens and closes the database of the app it serves.
    extensions = {"policytrail": SimpleNamespace(database=Mock(spec=Database))}  # noqa: RUF012 (read only)

    def __call__(self, _environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer 200."""
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]


app = Empty()
