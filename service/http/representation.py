"""Which form an answer is wanted in, and what cannot be asked of that form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import request

from service.errors import Invalid, NotFound
from service.http.content_negotiation import Format, format_for


def asked_format(query: Mapping[str, Any], formats: Sequence[Format], suffix: str | None = None) -> Format:
    """The one of `formats` that the end of the address names, else the parameter `format`, else Accept.

    NotFound where the address ends in none of theirs.
    """
    if suffix is not None:
        found = next((one for one in formats if one.suffix == suffix), None)
        if found is None:
            raise NotFound(f"There is no form .{suffix[:20]} of this; there are {_listed(formats)}.")
        if query["format"] not in (None, found.name):
            raise Invalid.at(f"The address ends in .{suffix} already; leave this out.", parameter="format")
        return found
    if named := query["format"]:
        found = next((one for one in formats if one.name == named), None)
        if found is None:
            raise Invalid.at(f"Must be one of: {', '.join(one.name for one in formats)}.", parameter="format")
        return found
    return format_for(request.headers.get("Accept", ""), tuple(formats)) or formats[0]


def refuse(query: Mapping[str, Any], names: Iterable[str], why: str) -> None:
    """Pass a query that gives none of the parameters `names`."""
    for name in names:
        if query.get(name):
            raise Invalid.at(why, parameter=name)


#: Parameters by which a page says more than its events.
OF_PAGES = ("count", "highlight", "explain", "snapshot")


def _listed(formats: Sequence[Format]) -> str:
    return ", ".join(f".{one.suffix}" for one in formats)
