"""A flat row as an event of a request: the reverse of columns.py, for imports of CSV."""

import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

from schemas.blank import is_blank
from service.exports.columns import COLUMNS
from service.exports.csv_file import split_members, unshield

Document = dict[str, Any]

#: Names of the columns that are read. The others of COLUMNS are ignored.
READ_COLUMNS = frozenset(column.name for column in COLUMNS if column.is_read)
COLUMN_NAMES = frozenset(column.name for column in COLUMNS)

_PLAIN = ("id", "title", "summary", "description", "lang", "event_type", "status")
_LISTS = ("instruments", "tags")
#: Columns of free text, which is kept as it stands. Blanks around the words of other columns mean nothing.
_TEXTS = frozenset({"title", "summary", "description", "source_title", "source_publisher", "source_author"})
_SOURCE = ("type", "tier", "title", "publisher", "author", "url", "lang", "published")

_PARTICIPANT = re.compile(
    r"(?:(?P<role>[a-z_]+): )?(?P<name>.*?)(?: \((?P<jurisdiction>[A-Z]{2}(?:[A-Z]{2}|-[A-Z0-9]{1,3})?)\))?", re.DOTALL
)


def event_of_row(row: Mapping[str, str]) -> Document:
    """Return the event of `row` as NewEventSchema loads it, and its `id` if there is one.

    `row` maps names of columns to cells; an empty cell has no value. A malformed cell gives an incomplete part, so
    that the schema reports the missing field and its place.
    """
    cells = {
        name: unshield(cell if name in _TEXTS else cell.strip())
        for name, cell in row.items()
        if name in READ_COLUMNS and not is_blank(cell)
    }
    event: Document = {name: cells[name] for name in _PLAIN if name in cells}
    event |= {name: split_members(cells[name]) for name in _LISTS if name in cells}
    for name, members_of in _PARTS.items():
        if members := members_of(cells):
            event[name] = members
    return event


def _external_ids(cells: Mapping[str, str]) -> list[Document]:
    return [
        {"scheme": scheme.strip(), "value": value.strip()} if colon else {"value": scheme}
        for scheme, colon, value in (member.partition(":") for member in split_members(cells.get("external_ids", "")))
    ]


def _names(cells: Mapping[str, str]) -> list[Document]:
    return [{"value": name} for name in split_members(cells.get("names", ""))]


def _topics(cells: Mapping[str, str]) -> list[Document]:
    return [{"id": topic} for topic in split_members(cells.get("topics", ""))]


def _dates(cells: Mapping[str, str]) -> list[Document]:
    """Return the dates of the column of all dates or, if it is empty, of the columns of the main date."""
    parts = ("kind", "edtf", "modality")
    if "dates" in cells:
        return [dict(zip(parts, member.split(), strict=False)) for member in split_members(cells["dates"])]
    main = zip(parts, ("date_kind", "date", "date_modality"), strict=True)
    date = {part: cells[name] for part, name in main if name in cells}
    return [date] if date else []


def _participants(cells: Mapping[str, str]) -> list[Document]:
    """Return the participants of their column or, if it is empty, of the columns of parties and affected."""
    if "participants" in cells:
        matches = (_PARTICIPANT.fullmatch(member) for member in split_members(cells["participants"]))
        return [_without_empty(match.groupdict()) for match in matches if match]
    return [
        _without_empty({"role": role, "name": name or code, "jurisdiction": code})
        for role, names, codes in (
            ("party", "parties", "party_jurisdictions"),
            ("affected", "affected", "affected_jurisdictions"),
        )
        for name, code in zip_longest(split_members(cells.get(names, "")), split_members(cells.get(codes, "")))
    ]


def _sources(cells: Mapping[str, str]) -> list[Document]:
    source = {member: cells[f"source_{member}"] for member in _SOURCE if f"source_{member}" in cells}
    return [source] if source else []


def _without_empty(members: Mapping[str, str | None]) -> Document:
    return {name: value for name, value in members.items() if value}


_PARTS: dict[str, Callable[[Mapping[str, str]], list[Document]]] = {
    "external_ids": _external_ids,
    "names": _names,
    "topics": _topics,
    "dates": _dates,
    "participants": _participants,
    "sources": _sources,
}
