"""Taking an operation away with notice: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and what takes its place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Response, after_this_request
from werkzeug.http import http_date

View = Callable[..., Any]


@dataclass(frozen=True)
class Deprecation:
    """Since when an operation should not be used, when it will be gone, what to use and where to read about it."""

    since: datetime
    sunset: datetime
    successor: str
    documentation: str

    def announce(self, response: Response) -> Response:
        """Say it in the headers of `response`."""
        response.headers["Deprecation"] = f"@{int(self.since.timestamp())}"
        response.headers["Sunset"] = http_date(self.sunset)
        response.headers.add("Link", f'<{self.documentation}>; rel="deprecation"; type="text/html"')
        response.headers.add("Link", f'<{self.successor}>; rel="successor-version"')
        return response


def deprecated(*, since: datetime, sunset: datetime, successor: str, documentation: str) -> Callable[[View], View]:
    """A decorator, outside of `@requires`: every answer of the view announces its end, OpenAPI calls it deprecated.

    Times are aware. ValueError where the sunset is before the deprecation, which RFC 9745 forbids.
    """
    if sunset < since:
        raise ValueError("Nothing is gone before it is deprecated.")
    deprecation = Deprecation(since, sunset, successor, documentation)

    def decorate(view: View) -> View:
        @wraps(view)
        def announced(*args: Any, **kwargs: Any) -> Any:
            after_this_request(deprecation.announce)
            return view(*args, **kwargs)

        announced.deprecation = deprecation  # type: ignore[attr-defined]  # read by openapi.py
        return announced

    return decorate
