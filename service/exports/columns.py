"""The columns of CSV and Parquet: an event as one flat row. docs/export.md has the same table.

from_columns.py reads such a row back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from service.search.index.features import foremost_date

Record = Mapping[str, Any]


class ColumnKind(Enum):
    """The type of a column. A list is joined to one text in a format without lists."""

    TEXT = "text"
    LIST = "list"
    DAY = "day"
    INSTANT = "instant"
    INTEGER = "integer"


@dataclass(frozen=True)
class Column:
    """A column: its name, its type, its value for a record, and a sentence for the documentation."""

    name: str
    kind: ColumnKind
    of: Callable[[Record], Any]
    sentence: str
    #: True if an import reads it; the others are computed.
    is_read: bool = True


class ExportRecord(dict[str, Any]):
    """A record with two parts that several columns use: `main`, the main date, and `first`, the first source."""

    def __init__(self, record: Record) -> None:
        """`record`: a parsed event."""
        super().__init__(record)
        self["main"] = foremost_date(record["dates"]) or {}
        self["first"] = record["sources"][0] if record["sources"] else {}


def _field(name: str, sentence: str, kind: ColumnKind = ColumnKind.TEXT, *, is_read: bool = True) -> Column:
    return Column(name, kind, lambda row: row[name], sentence, is_read)


def _main(name: str, member: str, sentence: str, kind: ColumnKind = ColumnKind.TEXT, *, is_read: bool = True) -> Column:
    return Column(name, kind, lambda row: row["main"].get(member), sentence, is_read)


def _source(member: str, sentence: str) -> Column:
    return Column(f"source_{member}", ColumnKind.TEXT, lambda row: row["first"].get(member), sentence)


def _count(name: str, part: str) -> Column:
    return Column(name, ColumnKind.INTEGER, lambda row: len(row[part]), f"Number of {part}.", is_read=False)


def _each(part: str, member: str) -> Callable[[Record], list[str]]:
    return lambda row: [one[member] for one in row[part]]


#: Roles in the column `affected`, as in the filter `affected`.
AFFECTED = ("affected", "dependency_source")


def _who(roles: Iterable[str], member: str) -> Callable[[Record], list[str]]:
    return lambda row: [one[member] or "" for one in row["participants"] if one["role"] in roles]


def _participants(row: Record) -> list[str]:
    return [
        f"{who['role']}: {who['name']}" + (f" ({who['jurisdiction']})" if who["jurisdiction"] else "")
        for who in row["participants"]
    ]


def _dates(row: Record) -> list[str]:
    return [f"{entry['kind']} {entry['edtf']} {entry['modality']}" for entry in row["dates"]]


def _external_ids(row: Record) -> list[str]:
    return [f"{external['scheme']}:{external['value']}" for external in row["external_ids"]]


def _jurisdictions(row: Record) -> list[str]:
    return sorted({who["jurisdiction"] for who in row["participants"] if who["jurisdiction"]})


COLUMNS: tuple[Column, ...] = (
    _field("id", "The event's id."),
    Column("external_ids", ColumnKind.LIST, _external_ids, "Ids in other systems, each `scheme:value`."),
    _field("title", "The title."),
    Column("names", ColumnKind.LIST, _each("names", "value"), "Other names."),
    _field("summary", "The summary."),
    _field("description", "The description."),
    _field("lang", "Language of title, summary and description, BCP 47."),
    _field("event_type", "Kind of event."),
    _field("instruments", "Instruments of the policy.", ColumnKind.LIST),
    _field("status", "Status of the policy."),
    _field("verification", "Verification of the event.", is_read=False),
    _main("date_kind", "kind", "Kind of the main date."),
    _main("date", "edtf", "The main date, EDTF."),
    _main("date_modality", "modality", "Modality of the main date: actual, expected or deadline."),
    _main("date_earliest", "earliest", "First possible day of the main date.", ColumnKind.DAY, is_read=False),
    _main("date_latest", "latest", "Last possible day of the main date.", ColumnKind.DAY, is_read=False),
    Column("dates", ColumnKind.LIST, _dates, "Every date, each `kind edtf modality`."),
    Column("parties", ColumnKind.LIST, _who(("party",), "name"), "Names of the parties."),
    Column(
        "party_jurisdictions",
        ColumnKind.LIST,
        _who(("party",), "jurisdiction"),
        "Jurisdiction of each party, in the same order; empty without one.",
    ),
    Column(
        "affected",
        ColumnKind.LIST,
        _who(AFFECTED, "name"),
        "Names of the participants that are affected or depended on.",
    ),
    Column(
        "affected_jurisdictions",
        ColumnKind.LIST,
        _who(AFFECTED, "jurisdiction"),
        "Jurisdiction of each, in the same order.",
    ),
    Column(
        "participants",
        ColumnKind.LIST,
        _participants,
        "All participants, each `role: name (jurisdiction)`; imports read it instead of the four columns before it.",
    ),
    Column("jurisdictions", ColumnKind.LIST, _jurisdictions, "Jurisdictions of all participants.", is_read=False),
    Column("topics", ColumnKind.LIST, _each("topics", "id"), "Ids of the topics."),
    _field("tags", "Tags.", ColumnKind.LIST),
    _source("type", "Type of the first source."),
    _source("tier", "Tier of the first source."),
    _source("title", "Title of the first source."),
    _source("publisher", "Publisher of the first source."),
    _source("author", "Author of the first source."),
    _source("url", "Address of the first source."),
    _source("lang", "Language of the first source, BCP 47."),
    _source("published", "Publication date of the first source, EDTF."),
    _count("source_count", "sources"),
    _count("figure_count", "figures"),
    _count("statement_count", "statements"),
    _count("relation_count", "relations"),
    _field("version", "Version of the row.", ColumnKind.INTEGER, is_read=False),
    _field("created_at", "Time of the first version.", ColumnKind.INSTANT, is_read=False),
    _field("updated_at", "Time of this version.", ColumnKind.INSTANT, is_read=False),
    _field("content_changed_at", "Time of the last change of the content.", ColumnKind.INSTANT, is_read=False),
)
