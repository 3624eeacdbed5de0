"""An event as one flat row: what CSV and Parquet hold, column by column. docs/export.md has the same table.

rows.py reads such a row back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from service.search.index.features import foremost_date

Record = Mapping[str, Any]


class Kind(Enum):
    """What a column holds. A list is text, its members joined where the form knows no lists."""

    TEXT = "text"
    LIST = "list"
    DAY = "day"
    INSTANT = "instant"
    INTEGER = "integer"


@dataclass(frozen=True)
class Column:
    """A column: its name, what it holds, where it comes from and one sentence for the documentation."""

    name: str
    kind: Kind
    of: Callable[[Record], Any]
    sentence: str
    #: Whether an import takes it; the others follow from these, or are the service's own.
    is_read: bool = True


class Row(dict[str, Any]):
    """A record with what several columns need worked out once: `main`, the foremost date, and `first`, a source."""

    def __init__(self, record: Record) -> None:
        """`record`: an event, parsed."""
        super().__init__(record)
        self["main"] = foremost_date(record["dates"]) or {}
        self["first"] = record["sources"][0] if record["sources"] else {}


def _field(name: str, sentence: str, kind: Kind = Kind.TEXT, *, is_read: bool = True) -> Column:
    return Column(name, kind, lambda row: row[name], sentence, is_read)


def _main(name: str, member: str, sentence: str, kind: Kind = Kind.TEXT, *, is_read: bool = True) -> Column:
    return Column(name, kind, lambda row: row["main"].get(member), sentence, is_read)


def _source(member: str, sentence: str) -> Column:
    return Column(f"source_{member}", Kind.TEXT, lambda row: row["first"].get(member), sentence)


def _count(name: str, part: str) -> Column:
    return Column(name, Kind.INTEGER, lambda row: len(row[part]), f"How many {part} the event has.", is_read=False)


def _each(part: str, member: str) -> Callable[[Record], list[str]]:
    return lambda row: [one[member] for one in row[part]]


#: Roles of those whom the column `affected` names, as the filter `affected` does.
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
    Column("external_ids", Kind.LIST, _external_ids, "Ids in other systems, each `scheme:value`."),
    _field("title", "The title."),
    Column("names", Kind.LIST, _each("names", "value"), "Other names."),
    _field("summary", "The summary."),
    _field("description", "The description."),
    _field("lang", "Language of title, summary and description, BCP 47."),
    _field("event_type", "Kind of event."),
    _field("instruments", "By what means the policy works.", Kind.LIST),
    _field("status", "Where the policy stands."),
    _field("verification", "How well the event is known.", is_read=False),
    _main("date_kind", "kind", "What happened on the main date."),
    _main("date", "edtf", "The main date as far as it is known, EDTF."),
    _main("date_modality", "modality", "Whether the main date is actual, expected or a deadline."),
    _main("date_earliest", "earliest", "First day that the main date can mean.", Kind.DAY, is_read=False),
    _main("date_latest", "latest", "Last day that the main date can mean.", Kind.DAY, is_read=False),
    Column("dates", Kind.LIST, _dates, "Every date, each `kind edtf modality`."),
    Column("parties", Kind.LIST, _who(("party",), "name"), "Names of the parties."),
    Column(
        "party_jurisdictions",
        Kind.LIST,
        _who(("party",), "jurisdiction"),
        "Jurisdiction of each party, in the same order; empty where it has none.",
    ),
    Column("affected", Kind.LIST, _who(AFFECTED, "name"), "Names of those affected or depended on."),
    Column(
        "affected_jurisdictions", Kind.LIST, _who(AFFECTED, "jurisdiction"), "Jurisdiction of each, in the same order."
    ),
    Column(
        "participants",
        Kind.LIST,
        _participants,
        "Everybody who takes part, each `role: name (jurisdiction)`; read instead of the four columns before it.",
    ),
    Column("jurisdictions", Kind.LIST, _jurisdictions, "Jurisdictions of all who take part.", is_read=False),
    Column("topics", Kind.LIST, _each("topics", "id"), "Ids of the topics."),
    _field("tags", "Tags.", Kind.LIST),
    _source("type", "What the first source is."),
    _source("tier", "How near the first source is to what it tells."),
    _source("title", "Title of the first source."),
    _source("publisher", "Publisher of the first source."),
    _source("author", "Author of the first source."),
    _source("url", "Address of the first source."),
    _source("lang", "Language of the first source, BCP 47."),
    _source("published", "When the first source was published, EDTF."),
    _count("source_count", "sources"),
    _count("figure_count", "figures"),
    _count("statement_count", "statements"),
    _count("relation_count", "relations"),
    _field("version", "The version that the row shows.", Kind.INTEGER, is_read=False),
    _field("created_at", "When the event was recorded.", Kind.INSTANT, is_read=False),
    _field("updated_at", "When the version was written.", Kind.INSTANT, is_read=False),
    _field("content_changed_at", "When the event last said something else.", Kind.INSTANT, is_read=False),
)
