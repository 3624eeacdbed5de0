"""How a page of documents is answered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, request

from service.http.context import settings
from service.http.operation import JSON
from service.strict_json import render, select_members

#: Characters that need no escape in a path or a value, as people write them.
_PLAIN = "/:,@~"


def page_size(query: Mapping[str, Any]) -> int:
    """How many members the page has: what was asked for, within what is allowed."""
    asked: int = query["limit"] or settings().page_size
    return min(asked, settings().max_page_size)


def page(documents: Sequence[bytes], cursor: str | None, /, **members: Any) -> Response:
    """The documents as they are stored, where the next page is, and further `members` of the page."""
    first, follow = addresses(cursor)
    links = f'<{first}>; rel="first"' + (f', <{follow}>; rel="next"' if follow else "")
    headers = {"Cache-Control": "private, no-cache", "Link": links}
    return Response(page_body(documents, next=follow, **members), content_type=JSON, headers=headers)


def page_body(documents: Iterable[bytes], /, **members: Any) -> bytes:
    """Return the JSON of a page: the documents as `items`, without parsing them, and further `members`."""
    return b"".join((b'{"items":[', b",".join(documents), b"],", render(members)[1:]))


def selected(documents: Sequence[bytes], names: Collection[str] | None) -> Sequence[bytes]:
    """The documents with only the fields in `names`; whole where none are named."""
    return [select_members(document, names) for document in documents] if names else documents


def addresses(cursor: str | None) -> tuple[str, str | None]:
    """The request's path with all of its parameters, but for the first page and for the one at `cursor`."""
    return address_with(cursor=None), address_with(cursor=cursor) if cursor else None


def address_with(**parameters: str | None) -> str:
    """The request's path with all of its parameters, but `parameters` in the place of those: None for none."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name not in parameters]
    asked += [(name, value) for name, value in parameters.items() if value is not None]
    query = urlencode(asked, safe=_PLAIN)
    path = quote(request.root_path + request.path, safe=_PLAIN)
    return f"{path}?{query}" if query else path
