"""A table's row merged into an existing event: only the cells that differ from the event change it.

A table cannot hold everything that an event holds. So an exported row that comes back unedited changes nothing, and one
with an edited title changes the title alone.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from service.exports.columns import AFFECTED, COLUMNS, ExportRecord
from service.exports.csv_file import join_members, unshield
from service.exports.from_columns import READ_COLUMNS, event_of_row
from service.search.index.features import foremost_date

Record = dict[str, Any]
Cells = Mapping[str, str]

_PARTIES = ("parties", "party_jurisdictions", "affected", "affected_jurisdictions")
_MAIN_DATE = ("date_kind", "date", "date_modality")
_PARTY_ROLES = frozenset({"party", *AFFECTED})

#: Columns of the fields that have several; every other field has one column of the same name.
COLUMNS_OF = {
    "participants": ("participants", *_PARTIES),
    "dates": ("dates", *_MAIN_DATE),
    "sources": tuple(column.name for column in COLUMNS if column.name.startswith("source_") and column.is_read),
}


def columns_at(pointer: str | None, cells: Cells) -> str | None:
    """Return the names of the table's columns for the field at `pointer`, separated by commas."""
    field = (pointer or "").removeprefix("#/").partition("/")[0]
    return ", ".join(name for name in COLUMNS_OF.get(field, (field,)) if name in cells) or None


def merge_cells(cells: Cells, before: Record | None) -> Record:
    """Return the content that a client would send for `cells`: a new event, or the event `before` with its changes."""
    if before is None:
        return event_of_row(cells)
    changed = _changed_cells(cells, before)
    values = event_of_row(changed)
    content = {name: value for name, value in before.items() if name != "change"}
    for name in changed:
        if name in content:
            content[name] = values.get(name, [] if isinstance(content[name], list) else None)
    for name in ("names", "topics"):
        content[name] = _keep_equal(content[name], before[name])
    content["participants"] = _participants(changed, values, before)
    content["dates"] = _dates(changed, values, before)
    content["sources"] = _sources(changed, values, before)
    return content


def _changed_cells(cells: Cells, before: Record) -> Cells:
    row = ExportRecord(before)
    current = {
        column.name: _text(column.of(row)) for column in COLUMNS if column.name in cells and column.name in READ_COLUMNS
    }
    return {
        name: cell
        for name, cell in cells.items()
        if name in current and _comparable(unshield(cell.strip())) != _comparable(current[name])
    }


def _comparable(text: str) -> str:
    """Return the text without what a spreadsheet changes in a cell that nobody edits: blanks around it, line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text(value: Any) -> str:
    return join_members(value) if isinstance(value, list) else value or ""


def _participants(changed: Cells, values: Record, before: Record) -> list[Record]:
    """Return all participants of the cells, or the parties and the affected of the cells with the others as before."""
    if "participants" in changed:
        return _keep_equal(values.get("participants", []), before["participants"])
    if not any(name in changed for name in _PARTIES):
        return list(before["participants"])
    row = ExportRecord(before)
    cells = {column.name: _text(column.of(row)) for column in COLUMNS if column.name in _PARTIES}
    members = event_of_row(cells | {name: cell for name, cell in changed.items() if name in _PARTIES}).get(
        "participants", []
    )
    others = [participant for participant in before["participants"] if participant["role"] not in _PARTY_ROLES]
    return _keep_equal(members, before["participants"]) + others


def _dates(changed: Cells, values: Record, before: Record) -> list[Record]:
    """Return all dates of the cells, or the main date of the cells with the others as before."""
    if "dates" in changed:
        return _keep_equal(values.get("dates", []), before["dates"])
    if not any(name in changed for name in _MAIN_DATE):
        return list(before["dates"])
    main = foremost_date(before["dates"])
    others = [entry for entry in before["dates"] if entry is not main]
    parts = zip(("kind", "edtf", "modality"), _MAIN_DATE, strict=True)
    new = dict(main or {}) | {part: changed[name].strip() for part, name in parts if name in changed}
    return [*others, new] if any(changed.get(name, "").strip() for name in _MAIN_DATE) else others


def _sources(changed: Cells, values: Record, before: Record) -> list[Record]:
    """Return the first source with the changes of the cells, and the others as before."""
    members = {name: name.removeprefix("source_") for name in COLUMNS_OF["sources"] if name in changed}
    first, *others = before["sources"]
    [source] = values.get("sources", [{}])
    return [first | {member: source.get(member) for member in members.values()}, *others]


def _keep_equal(members: Iterable[Record], before: Iterable[Record]) -> list[Record]:
    """Return the members. One that equals a member before in the table's columns keeps all fields of that member."""
    rest = list(before)
    result = []
    for member in members:
        same = next((one for one in rest if all(one[name] == value for name, value in member.items())), None)
        if same:
            rest.remove(same)
        result.append(same or member)
    return result
