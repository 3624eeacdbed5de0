"""A table's row about an event that is there: what its cells say otherwise than the event changes it, no more.

A table cannot say all that an event holds. So a row that was exported and comes back as it was changes nothing, and
one whose title was edited changes the title alone.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from service.exports.columns import AFFECTED, COLUMNS, Row
from service.exports.csv_file import join, unshield
from service.exports.from_columns import READ, sent_by
from service.search.index.features import foremost_date

Record = dict[str, Any]
Cells = Mapping[str, str]

_NAMED = ("parties", "party_jurisdictions", "affected", "affected_jurisdictions")
_MAIN = ("date_kind", "date", "date_modality")
_NAMED_ROLES = frozenset({"party", *AFFECTED})

#: Which columns tell of a field that several tell of; each other field has a column of its name.
COLUMNS_OF = {
    "participants": ("participants", *_NAMED),
    "dates": ("dates", *_MAIN),
    "sources": tuple(column.name for column in COLUMNS if column.name.startswith("source_") and column.is_read),
}


def column_of(pointer: str | None, cells: Cells) -> str | None:
    """The columns that the field at `pointer` comes from, as far as the table has them."""
    field = (pointer or "").removeprefix("#/").partition("/")[0]
    return ", ".join(name for name in COLUMNS_OF.get(field, (field,)) if name in cells) or None


def content_of(cells: Cells, before: Record | None) -> Record:
    """What a client would send to say the same: of a new event, or of the event `before` as it is to be."""
    if before is None:
        return sent_by(cells)
    said = _otherwise(cells, before)
    sent = sent_by(said)
    content = {name: value for name, value in before.items() if name != "change"}
    for name in said:
        if name in content:
            content[name] = sent.get(name, [] if isinstance(content[name], list) else None)
    for name in ("names", "topics"):
        content[name] = _keeping(content[name], before[name])
    content["participants"] = _participants(said, sent, before)
    content["dates"] = _dates(said, sent, before)
    content["sources"] = _sources(said, sent, before)
    return content


def _otherwise(cells: Cells, before: Record) -> Cells:
    """The cells that say something else than the event."""
    row = Row(before)
    told = {column.name: _text(column.of(row)) for column in COLUMNS if column.name in cells and column.name in READ}
    return {name: cell for name, cell in cells.items() if name in told and unshield(cell).strip() != told[name].strip()}


def _text(value: Any) -> str:
    return join(value) if isinstance(value, list) else value or ""


def _participants(said: Cells, sent: Record, before: Record) -> list[Record]:
    """All of them anew, or the parties and the affected with the others as they were."""
    if "participants" in said:
        return _keeping(sent.get("participants", []), before["participants"])
    if not any(name in said for name in _NAMED):
        return list(before["participants"])
    row = Row(before)
    named = {column.name: _text(column.of(row)) for column in COLUMNS if column.name in _NAMED}
    members = sent_by(named | {name: cell for name, cell in said.items() if name in _NAMED}).get("participants", [])
    others = [who for who in before["participants"] if who["role"] not in _NAMED_ROLES]
    return _keeping(members, before["participants"]) + others


def _dates(said: Cells, sent: Record, before: Record) -> list[Record]:
    """All of them anew, or the main one with the others as they were."""
    if "dates" in said:
        return _keeping(sent.get("dates", []), before["dates"])
    if not any(name in said for name in _MAIN):
        return list(before["dates"])
    main = foremost_date(before["dates"])
    others = [entry for entry in before["dates"] if entry is not main]
    parts = zip(("kind", "edtf", "modality"), _MAIN, strict=True)
    new = dict(main or {}) | {part: said[name] for part, name in parts if name in said}
    return [*others, new] if any(said.get(name) for name in _MAIN) else others


def _sources(said: Cells, sent: Record, before: Record) -> list[Record]:
    """The first one with what is said of it, and the others as they were."""
    members = {name: name.removeprefix("source_") for name in COLUMNS_OF["sources"] if name in said}
    first, *others = before["sources"]
    [told] = sent.get("sources", [{}])
    return [first | {member: told.get(member) for member in members.values()}, *others]


def _keeping(members: Iterable[Record], before: Iterable[Record]) -> list[Record]:
    """The members; one that says the same as one before is that one, with all that a table cannot say of it."""
    left = list(before)
    kept = []
    for member in members:
        same = next((one for one in left if all(one[name] == value for name, value in member.items())), None)
        if same:
            left.remove(same)
        kept.append(same or member)
    return kept
