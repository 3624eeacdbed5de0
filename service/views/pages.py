"""How a page of documents is answered."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request, url_for

from service.api import JSON
from service.current import settings
from service.jsontext import render


def page_size(query: dict[str, Any]) -> int:
    """How many members the page has: what was asked for, within what is allowed."""
    asked: int = query["limit"] or settings().page_size
    return min(asked, settings().max_page_size)


def page(documents: Sequence[bytes], cursor: str | None) -> Response:
    """The documents as they are stored, and where the next page is."""
    follow = _url(cursor) if cursor else None
    body = b"".join((b'{"items":[', b",".join(documents), b'],"next":', render(follow), b"}"))
    response = Response(body, content_type=JSON, headers={"Cache-Control": "private, no-cache"})
    if follow:
        response.headers["Link"] = f'<{follow}>; rel="next"'
    return response


def _url(cursor: str) -> str:
    """The request's path and parameters with another cursor."""
    return url_for(str(request.endpoint), **(request.args.to_dict() | (request.view_args or {}) | {"cursor": cursor}))
