"""Pages of documents as responses, and the URLs that lead to them."""

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
    """Return the number of members of a page: `limit`, or the usual number, up to the largest page."""
    size: int = query["limit"] or settings().page_size
    return min(size, settings().max_page_size)


def page_response(documents: Sequence[bytes], cursor: str | None, /, **members: Any) -> Response:
    """Return the page: the documents as they are stored, the URL of the next page, and further `members`."""
    _, following = page_urls(cursor)
    headers = {"Cache-Control": "private, no-cache", "Link": page_links(cursor)}
    return Response(page_body(documents, next=following, **members), content_type=JSON, headers=headers)


def page_body(documents: Iterable[bytes], /, **members: Any) -> bytes:
    """Return the JSON of a page: the documents as `items`, without parsing them, and further `members`."""
    return b"".join((b'{"items":[', b",".join(documents), b"],", render(members)[1:]))


def select_fields(documents: Sequence[bytes], names: Collection[str] | None) -> Sequence[bytes]:
    """Return the documents with only the fields in `names`, or whole without names."""
    return [select_members(document, names) for document in documents] if names else documents


def page_urls(cursor: str | None) -> tuple[str, str | None]:
    """Return the URLs of the first page of the request, and of the page at `cursor` if there is one."""
    return url_with(cursor=None), url_with(cursor=cursor) if cursor else None


def page_links(cursor: str | None) -> str:
    """Return the header Link to the first page of the request, and to the page at `cursor` if there is one."""
    first, following = page_urls(cursor)
    return f'<{first}>; rel="first"' + (f', <{following}>; rel="next"' if following else "")


def url_with(**parameters: str | None) -> str:
    """Return the path and query of the request with some `parameters` replaced; None removes one."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in parameters]
    pairs += [(name, value) for name, value in parameters.items() if value is not None]
    query = urlencode(pairs, safe=_PLAIN)
    path = quote(request.root_path + request.path, safe=_PLAIN)
    return f"{path}?{query}" if query else path
