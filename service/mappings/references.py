"""References between the parts of one record: equal parts are merged, and references follow.

A reference to a part that does not exist is left out, and so is a citation without its fact or source. A reference that
would lead back to its own part is left out as well: where a copy has the address of its original, it says nothing new.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.base import did_you_mean
from schemas.consistency import FACT_FIELDS, FACT_LISTS
from service.mappings.context import unique
from service.mappings.field_mapping import ALL_OTHERS, FieldMapping
from service.mappings.parts import PartMapping

#: Fields that hold ids of other parts, with the list of these. None: the id names the list (`dates/launch`).
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

#: Lists whose ids refer to something else, so that they cannot be renumbered.
_IDS_REFER = frozenset({"topics"})


@dataclass(frozen=True)
class BuiltPart:
    """A part, and the mapping that made it."""

    part: dict[str, Any]
    mapping: PartMapping


Lists = dict[str, list[BuiltPart]]


def resolve_references(lists: Lists, present: Mapping[str, Any]) -> None:
    """Merge equal parts and resolve references, in place. `present`: the fields of the record that are not lists."""
    targets = _Targets({name: _merge_equal(name, lists) for name in lists}, present)
    for (name, field), target in REFERENCES.items():
        if name in lists:
            lists[name] = [built for built in lists[name] if targets.resolve(built, field, target)]
            if name == target:
                _drop_circular(lists[name], field)
    _drop_resolved_actual(lists)
    if "citations" in lists:
        _merge_equal("citations", lists)


def check_references(mappings: Mapping[str, Iterable[PartMapping]]) -> None:
    """Add a fault for every reference that no part can ever satisfy."""
    ids = {name: _possible_ids(of_list) for name, of_list in mappings.items()}
    for (name, field), target in REFERENCES.items():
        for mapping in mappings.get(name, ()):
            for field_mapping in mapping.fields:
                if field_mapping.name == field:
                    _check_reference(field_mapping, target, ids)


def _check_reference(field: FieldMapping, target: str | None, ids: Mapping[str, frozenset[str] | None]) -> None:
    for constant in (field.possible_texts or frozenset()) - {ALL_OTHERS}:
        name, _, id_ = constant.partition("/") if target is None else (target, "", constant)
        if not id_ and name in FACT_FIELDS:
            continue
        possible = ids.get(name, frozenset())
        if possible is not None and id_ not in possible:
            field.node.add_fault(f'no [[event.{name}]] has the id "{id_}".{did_you_mean(id_, possible)}')


def _possible_ids(mappings: Iterable[PartMapping]) -> frozenset[str] | None:
    """Return every id that the parts can have, or None where some come from columns."""
    ids: set[str] = set()
    for mapping in mappings:
        for field in mapping.fields:
            if field.name == "id":
                if field.possible_texts is None:
                    return None
                ids |= field.possible_texts
    return frozenset(ids)


def _merge_equal(name: str, lists: Lists) -> dict[str, str]:
    """Keep equal parts of a list once, and number parts of the same id. Return the new ids by the original ones."""
    new_ids: dict[str, str] = {}
    by_id: dict[str, BuiltPart] = {}
    id_by_content: dict[str, str | None] = {}
    distinct = []
    for built in lists[name]:
        id_ = built.part.get("id")
        if id_ in by_id and (name in _IDS_REFER or built.mapping.has_ids_of_columns):
            _add_references(by_id[id_].part, built.part)
            continue
        content = str({key: value for key, value in built.part.items() if key != "id"})
        if content in id_by_content and name not in _IDS_REFER:
            if id_ and (equal := id_by_content[content]):
                new_ids.setdefault(id_, equal)
            continue
        id_by_content[content] = None
        if id_:
            free = _free_id(id_, by_id.keys())
            built.part["id"] = id_by_content[content] = free
            by_id[free] = built
            new_ids.setdefault(id_, free)
        distinct.append(built)
    lists[name] = distinct
    return new_ids


def _add_references(part: dict[str, Any], repeated: Mapping[str, Any]) -> None:
    """Add the references of the repeated part to `part`."""
    for field, value in repeated.items():
        if isinstance(value, list):
            part[field] = list(unique([*part.get(field, ()), *value]))


def _free_id(id_: str, used: Collection[str]) -> str:
    free, number = id_, 1
    while free in used:
        number += 1
        free = f"{id_[:60]}-{number}"
    return free


@dataclass(frozen=True)
class _Targets:
    """Things in a record that can be referred to: new ids by original ones, for each list, and fields."""

    ids: Mapping[str, Mapping[str, str]]
    present: Mapping[str, Any]

    def resolve(self, built: BuiltPart, field: str, target: str | None) -> bool:
        """Set the reference in `field`, or remove it. Return False if the part needs it and must go as well."""
        value, own_id = built.part.get(field), built.part.get("id")
        if value is None:
            return True
        resolved: Any
        if target is None:
            resolved = self._resolve_fact(value)
        elif isinstance(value, list):
            resolved = self._resolve_list(value, target, own_id)
        else:
            resolved = self.ids.get(target, {}).get(value)
        if resolved and resolved != own_id:
            built.part[field] = resolved
            return True
        del built.part[field]
        return not any(mapping.name == field and mapping.required for mapping in built.mapping.fields)

    def _resolve_list(self, references: Iterable[str], target: str, own_id: str | None) -> list[str]:
        """Return the ids of a list of references, each once, without the part's own."""
        ids = self.ids.get(target, {})
        resolved = (id_ for one in references for id_ in (ids.values() if one == ALL_OTHERS else [ids.get(one)]))
        return list(dict.fromkeys(id_ for id_ in resolved if id_ and id_ != own_id))

    def _resolve_fact(self, reference: str) -> str | None:
        """Return the fact: a field that has a value, or a part that exists. None where there is none."""
        name, _, id_ = reference.partition("/")
        if not id_:
            return reference if reference in self.present else None
        new_id = self.ids.get(name, {}).get(id_) if name in FACT_LISTS else None
        return f"{name}/{new_id}" if new_id else None


def _drop_circular(built: Iterable[BuiltPart], field: str) -> None:
    """Remove the references in `field` that close a circle. Those of earlier parts are followed first."""
    parts = {one.part["id"]: one.part for one in built if "id" in one.part}
    done: set[str] = set()
    for start, part in parts.items():
        # The path from `start`, with the references of each part on it that are still to be followed.
        path: dict[str, list[str]] = {} if start in done else {start: _references(part, field)}
        while path:
            id_, rest = next(reversed(path.items()))
            if not rest:
                path.pop(id_)
                done.add(id_)
            elif (target := rest.pop(0)) in path:
                _remove_reference(parts[id_], field, target)
            elif target not in done:
                path[target] = _references(parts[target], field)


def _references(part: Mapping[str, Any], field: str) -> list[str]:
    value = part.get(field, ())
    return [value] if isinstance(value, str) else list(value)


def _remove_reference(part: dict[str, Any], field: str, target: str) -> None:
    rest = [one for one in _references(part, field) if one != target]
    if rest:
        part[field] = rest
    else:
        del part[field]


def _drop_resolved_actual(lists: Lists) -> None:
    """Remove `resolves` where the other date was never open."""
    actual = {
        built.part.get("id")
        for built in lists.get("dates", ())
        if built.part["modality"] == "actual" and "id" in built.part
    }
    for built in lists.get("dates", ()):
        if built.part.get("resolves") in actual:
            del built.part["resolves"]
