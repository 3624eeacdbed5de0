"""What the parts of one record say of each other, settled: equal parts stand once, and references follow.

A reference to an entry that made nothing for this record is left out, and so is a citation without its fact or source.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.base import did_you_mean
from schemas.consistency import FACT_FIELDS, FACT_LISTS
from service.mappings.context import in_order
from service.mappings.field_mapping import ALL_OTHERS, Filling
from service.mappings.parts import Entry

#: The fields that hold ids of other parts, with the list that these are in. None: the id says it (`dates/launch`).
REFERENCES: Mapping[tuple[str, str], str | None] = {
    ("participants", "on_behalf_of"): "participants",
    ("dates", "resolves"): "dates",
    ("figures", "subject"): "participants",
    ("statements", "speaker"): "participants",
    ("statements", "resolved_by"): None,
    ("citations", "fact"): None,
    ("citations", "source"): "sources",
    ("sources", "derived_from"): "sources",
}

#: Lists whose members refer to something by their id, so that another id would be another thing.
_NAMED_BY_ID = frozenset({"topics"})


@dataclass(frozen=True)
class Made:
    """A part and the entry that made it."""

    part: dict[str, Any]
    entry: Entry


Lists = dict[str, list[Made]]


def settle(lists: Lists, present: Mapping[str, Any]) -> None:
    """Settle the parts in `lists`, in place. `present`: the fields of the record that are no lists of parts."""
    here = _Here({name: _stand_once(name, lists) for name in lists}, present)
    for (name, field), target in REFERENCES.items():
        if name in lists:
            lists[name] = [made for made in lists[name] if here.settles(made, field, target)]
    _leave_resolved(lists)
    if "citations" in lists:
        _stand_once("citations", lists)


def check_references(entries: Mapping[str, Iterable[Entry]]) -> None:
    """Note every reference that no entry can ever satisfy."""
    ids = {name: _ids_of(of_list) for name, of_list in entries.items()}
    for (name, field), target in REFERENCES.items():
        for entry in entries.get(name, ()):
            for filling in entry.fillings:
                if filling.name == field:
                    _check_reference(filling, target, ids)


def _check_reference(filling: Filling, target: str | None, ids: Mapping[str, frozenset[str] | None]) -> None:
    for constant in (filling.gives or frozenset()) - {ALL_OTHERS}:
        where, _, id_ = constant.partition("/") if target is None else (target, "", constant)
        if not id_ and where in FACT_FIELDS:
            continue
        known = ids.get(where, frozenset())
        if known is not None and id_ not in known:
            filling.place.refuse(f'no entry of event.{where} has the id "{id_}".{did_you_mean(id_, known)}')


def _ids_of(entries: Iterable[Entry]) -> frozenset[str] | None:
    """Every id that `entries` can give, or None where one of them is made of columns."""
    found: set[str] = set()
    for entry in entries:
        for filling in entry.fillings:
            if filling.name == "id":
                if filling.gives is None:
                    return None
                found |= filling.gives
    return frozenset(found)


def _stand_once(name: str, lists: Lists) -> dict[str, str]:
    """Leave every part of a list once, with an id of its own; the ids that stand now by those that were given."""
    given: dict[str, str] = {}
    standing: dict[str, Made] = {}
    seen: dict[str, str | None] = {}
    kept = []
    for made in lists[name]:
        id_ = made.part.get("id")
        if id_ in standing and (name in _NAMED_BY_ID or made.entry.names_by_columns):
            _add_references(standing[id_].part, made.part)
            continue
        content = str({key: value for key, value in made.part.items() if key != "id"})
        if content in seen and name not in _NAMED_BY_ID:
            if id_ and (stands := seen[content]):
                given.setdefault(id_, stands)
            continue
        seen[content] = None
        if id_:
            free = _free(id_, standing.keys())
            made.part["id"] = seen[content] = free
            standing[free] = made
            given.setdefault(id_, free)
        kept.append(made)
    lists[name] = kept
    return given


def _add_references(part: dict[str, Any], again: Mapping[str, Any]) -> None:
    """Let `part` refer to what the same part referred to where it came again."""
    for field, said in again.items():
        if isinstance(said, list):
            part[field] = list(in_order([*part.get(field, ()), *said]))


def _free(id_: str, taken: Collection[str]) -> str:
    free, number = id_, 1
    while free in taken:
        number += 1
        free = f"{id_[:60]}-{number}"
    return free


@dataclass(frozen=True)
class _Here:
    """What there is in a record to refer to: ids as they stand now by those that were given, and fields."""

    ids: Mapping[str, Mapping[str, str]]
    present: Mapping[str, Any]

    def settles(self, made: Made, field: str, target: str | None) -> bool:
        """Set what `field` refers to, or leave it out; whether the part can stand so."""
        said, own = made.part.get(field), made.part.get("id")
        if said is None:
            return True
        settled: Any
        if target is None:
            settled = self._fact(said)
        elif isinstance(said, list):
            settled = self._several(said, target, own)
        else:
            settled = self.ids.get(target, {}).get(said)
        if settled and settled != own:
            made.part[field] = settled
            return True
        del made.part[field]
        return not any(filling.name == field and filling.required for filling in made.entry.fillings)

    def _several(self, said: Iterable[str], target: str, own: str | None) -> list[str]:
        """The ids that a list of references means, each once; the part's own is not among them."""
        ids = self.ids.get(target, {})
        wanted = (id_ for one in said for id_ in (ids.values() if one == ALL_OTHERS else [ids.get(one)]))
        return list(dict.fromkeys(id_ for id_ in wanted if id_ and id_ != own))

    def _fact(self, said: str) -> str | None:
        """The fact that `said` means: a field that says something, or a part that is there."""
        where, _, id_ = said.partition("/")
        if not id_:
            return said if said in self.present else None
        found = self.ids.get(where, {}).get(id_) if where in FACT_LISTS else None
        return f"{where}/{found}" if found else None


def _leave_resolved(lists: Lists) -> None:
    """Take back that a date resolves one which was never open."""
    actual = {
        made.part.get("id")
        for made in lists.get("dates", ())
        if made.part["modality"] == "actual" and "id" in made.part
    }
    for made in lists.get("dates", ()):
        if made.part.get("resolves") in actual:
            del made.part["resolves"]
