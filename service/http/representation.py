"""The format of a response, and the parameters that it does not support."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import request

from service.errors import Invalid, NotFound
from service.http.content_negotiation import Format, format_for


def requested_format(query: Mapping[str, Any], formats: Sequence[Format], suffix: str | None = None) -> Format:
    """Return the one of `formats` that the path's suffix names, else the parameter `format`, else Accept.

    NotFound if none has that suffix.
    """
    if suffix is not None:
        format_ = next((one for one in formats if one.suffix == suffix), None)
        if format_ is None:
            raise NotFound(f"There is no format .{suffix[:20]}. Use one of {_suffixes(formats)}.")
        if query["format"] not in (None, format_.name):
            raise Invalid.at(f"The path ends in .{suffix} already. Omit `format`.", parameter="format")
        return format_
    if name := query["format"]:
        format_ = next((one for one in formats if one.name == name), None)
        if format_ is None:
            raise Invalid.at(f"Must be one of: {', '.join(one.name for one in formats)}.", parameter="format")
        return format_
    return format_for(request.headers.get("Accept", ""), tuple(formats)) or formats[0]


def refuse_parameters(query: Mapping[str, Any], names: Iterable[str], detail: str) -> None:
    """Pass a query without the parameters `names`."""
    for name in names:
        if query.get(name):
            raise Invalid.at(detail, parameter=name)


#: Parameters for the extras of a JSON page.
PAGE_EXTRAS = ("count", "highlight", "explain", "snapshot")


def _suffixes(formats: Sequence[Format]) -> str:
    return ", ".join(f".{one.suffix}" for one in formats)
