"""The plan of an event: which value fills which field of the record, and the record that it makes of rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from schemas.base import did_you_mean
from schemas.events import NewEventSchema
from service.mappings.context import Case, Scope
from service.mappings.field_mapping import Filling, most_of
from service.mappings.parts import Entry, entry_of, fillings_of
from service.mappings.references import Lists, Made, check_references, settle
from service.mappings.result import Origin, Reason
from service.mappings.templates import Row
from service.mappings.toml_reader import Place

_EVENT = NewEventSchema()

#: The lists of parts in a record, and the schema by which a part comes in.
PARTS: dict[str, tuple[fields.List[Any], Schema]] = {
    name: (field, field.inner.schema)
    for name, field in _EVENT.load_fields.items()
    if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested)
}
#: What stands in a record beside them.
_FIELDS = {name: field for name, field in _EVENT.load_fields.items() if name not in PARTS}


@dataclass(frozen=True)
class Plan:
    """How an event is made: what fills its fields, and the entries that make the parts of its lists."""

    fillings: tuple[Filling, ...]
    entries: Mapping[str, tuple[Entry, ...]]
    #: The topics that the mapping declares.
    topics: frozenset[str] = frozenset()

    def record(self, rows: Sequence[Row]) -> tuple[dict[str, Any], dict[str, Sequence[Origin]], tuple[Reason, ...]]:
        """The record of `rows`, where its parts come from, and every reason why it cannot be."""
        reasons: list[Reason] = []
        case = Case(rows[0], rows, {})
        said = {filling.name: filling.fill(case, reasons) for filling in self.fillings}
        said = {name: value for name, value in said.items() if value is not None}
        lists: Lists = {
            name: [Made(part, entry) for entry in entries for part in entry.parts(case, reasons)]
            for name, entries in self.entries.items()
        }
        settle(lists, said)
        reasons += () if reasons else (*self._missing(said, lists), *self._strange_topics(lists.get("topics", ())))
        record = said | {name: [made.part for made in made_list] for name, made_list in lists.items() if made_list}
        origins: dict[str, Sequence[Origin]] = {filling.name: [filling] for filling in self.fillings}
        origins |= {name: [made.entry for made in made_list] for name, made_list in lists.items()}
        return record, origins, tuple(dict.fromkeys(reasons))

    def _missing(self, said: Mapping[str, Any], lists: Lists) -> list[Reason]:
        """What a record must have and this one has not, and what it has too many of."""
        found = [
            Reason(
                "is empty, and a record must have it.",
                ", ".join(filling.columns) or None,
                None,
                f"event.{filling.name}",
            )
            for filling in self.fillings
            if filling.required and filling.name not in said
        ]
        for name, (field, _) in PARTS.items():
            made, most = len(lists.get(name, ())), most_of(field)
            if field.required and not made:
                found.append(self._reason(f"gives no {name}, and a record must have some.", name))
            if made > most:
                found.append(self._reason(f"gives more than the {most} {name} that a record holds.", name))
        return found

    def _strange_topics(self, topics: Iterable[Made]) -> list[Reason]:
        """The topics that are not declared: nobody would have added them."""
        return [
            Reason("is not in [topics].", ", ".join(made.entry.columns_of("id")), id_, f"{made.entry.path}.id")
            for made in topics
            if (id_ := made.part["id"]) not in self.topics
        ]

    def _reason(self, problem: str, name: str) -> Reason:
        """What is wrong with a whole list, with every column that its entries read."""
        columns = dict.fromkeys(column for entry in self.entries[name] for column in entry.columns)
        return Reason(problem, ", ".join(columns) or None, None, f"event.{name}")


def plan_of(place: Place, scope: Scope, topics: frozenset[str]) -> Plan:
    """The plan that stands at `place`, the table [event]. `topics`: those that the mapping declares."""
    place.knows(_EVENT.load_fields)
    fillings = fillings_of(place, _FIELDS, scope)
    entries = {name: _entries(name, place.at(name), scope) for name in PARTS if name in place}
    check_references(entries)
    for name, (field, _) in PARTS.items():
        if field.required and not entries.get(name):
            place.refuse(f"needs [[event.{name}]].")
    _check_topics(entries.get("topics", ()), topics)
    return Plan(fillings, entries, topics)


def _entries(name: str, place: Place, scope: Scope) -> tuple[Entry, ...]:
    return tuple(entry_of(one, PARTS[name][1], scope) for one in place.one_or_more())


def _check_topics(entries: Iterable[Entry], declared: frozenset[str]) -> None:
    """Note every topic that is used and not declared, where that is known before any row is read."""
    for entry in entries:
        for filling in entry.fillings:
            if filling.name == "id":
                for id_ in sorted((filling.gives or frozenset()) - declared):
                    entry.place.at("id").refuse(f'there is no "{id_}" in [topics].{did_you_mean(id_, declared)}')
