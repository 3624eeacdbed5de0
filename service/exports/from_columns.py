"""A flat row back into what a client would send: the reverse of columns.py, for whoever imports CSV."""

import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

from service.exports.columns import COLUMNS
from service.exports.csv_file import split, unshield

Sent = dict[str, Any]

#: Columns that are read. The others of COLUMNS may be there and are ignored.
READ = frozenset(column.name for column in COLUMNS if column.is_read)
KNOWN = frozenset(column.name for column in COLUMNS)

_PLAIN = ("id", "title", "summary", "description", "lang", "event_type", "status")
_LISTS = ("instruments", "tags")
_SOURCE = ("type", "tier", "title", "publisher", "author", "url", "lang", "published")

_PARTICIPANT = re.compile(r"(?:(?P<role>[a-z_]+): )?(?P<name>.*?)(?: \((?P<jurisdiction>[A-Z]{2})\))?", re.DOTALL)


def sent_by(row: Mapping[str, str]) -> Sent:
    """The event that `row` states, as NewEventSchema takes it (and `id`, where there is one).

    `row` maps columns' names to cells. Empty cells say nothing. What stands in a cell in another form than the column's
    comes out incomplete, so that the schema tells what is missing, and where.
    """
    cells = {name: unshield(cell) for name, cell in row.items() if name in READ and cell and not cell.isspace()}
    sent: Sent = {name: cells[name] for name in _PLAIN if name in cells}
    sent |= {name: split(cells[name]) for name in _LISTS if name in cells}
    for name, members in _PARTS.items():
        if found := members(cells):
            sent[name] = found
    return sent


def _external_ids(cells: Mapping[str, str]) -> list[Sent]:
    return [
        {"scheme": scheme, "value": value} if colon else {"value": scheme}
        for scheme, colon, value in (member.partition(":") for member in split(cells.get("external_ids", "")))
    ]


def _names(cells: Mapping[str, str]) -> list[Sent]:
    return [{"value": name} for name in split(cells.get("names", ""))]


def _topics(cells: Mapping[str, str]) -> list[Sent]:
    return [{"id": topic} for topic in split(cells.get("topics", ""))]


def _dates(cells: Mapping[str, str]) -> list[Sent]:
    """From the column of all dates or, where it is empty, from those of the main one."""
    parts = ("kind", "edtf", "modality")
    if "dates" in cells:
        return [dict(zip(parts, member.split(), strict=False)) for member in split(cells["dates"])]
    main = zip(parts, ("date_kind", "date", "date_modality"), strict=True)
    date = {part: cells[name] for part, name in main if name in cells}
    return [date] if date else []


def _participants(cells: Mapping[str, str]) -> list[Sent]:
    """From the column of all participants or, where it is empty, from those of parties and of the affected."""
    if "participants" in cells:
        found = (_PARTICIPANT.fullmatch(member) for member in split(cells["participants"]))
        return [_known(one.groupdict()) for one in found if one]
    return [
        _known({"role": role, "name": name or code, "jurisdiction": code})
        for role, names, codes in (
            ("party", "parties", "party_jurisdictions"),
            ("affected", "affected", "affected_jurisdictions"),
        )
        for name, code in zip_longest(split(cells.get(names, "")), split(cells.get(codes, "")))
    ]


def _sources(cells: Mapping[str, str]) -> list[Sent]:
    source = {member: cells[f"source_{member}"] for member in _SOURCE if f"source_{member}" in cells}
    return [source] if source else []


def _known(said: Mapping[str, str | None]) -> Sent:
    return {name: value for name, value in said.items() if value}


_PARTS: dict[str, Callable[[Mapping[str, str]], list[Sent]]] = {
    "external_ids": _external_ids,
    "names": _names,
    "topics": _topics,
    "dates": _dates,
    "participants": _participants,
    "sources": _sources,
}
