"""The merge of two records of one event: `stays` keeps its content and takes over parts of `goes`."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.consistency import FACT_FIELDS, FACT_LISTS
from service.events.normalize import Record, free_id, timestamp
from service.search.index.source_keys import url_key
from service.strict_json import render

#: Fields that identify a fact: members of two records with equal values are the same fact.
_SAME_FACT: dict[str, tuple[str, ...]] = {
    "names": ("value", "lang"),
    "participants": ("name", "role"),
    "dates": ("kind", "edtf", "modality"),
    "topics": ("id",),
    "figures": ("measure", "subject", "value", "value_max", "comparator", "currency", "unit", "period", "value_type"),
    "statements": ("speaker", "text"),
}

#: Fields that contain the id of a participant, which is valid only within its own record.
_PARTICIPANTS = frozenset({"subject", "speaker"})

#: Facts that a reason names at most: ten of the longest names fit into the schema's limit for a reason.
_NAMED_FACTS = 10

#: New ids by old ones.
NewIds = Mapping[str, str]


@dataclass(frozen=True)
class MergeResult:
    """The content of the merged record, and the facts of the other record whose citations were dropped."""

    content: Record
    dropped_facts: list[str]


def merge(stays: Record, goes: Record, own: Collection[str] = ()) -> MergeResult:
    """Return `stays` with the external ids, sources, citations, relations and tags of `goes`.

    Both are stored records. A source of both is kept once; a source whose id is in use gets another id, and its
    citations follow. A citation is kept if `stays` has its fact. `own`: further ids that mean one of the two events
    by now; relations to them would lead from the event to itself.
    """
    sources = source_ids(stays, goes)
    facts = fact_names(stays, goes)
    cited = [citation for citation in goes["citations"] if citation["fact"] in facts]
    dropped = [citation["fact"] for citation in goes["citations"] if citation["fact"] not in facts]
    own = {stays["id"], goes["id"], *own}
    content = stays | {
        "external_ids": stays["external_ids"] + goes["external_ids"],
        "sources": stays["sources"] + list(_new_sources(stays, goes, sources)),
        "citations": _union(
            stays["citations"],
            [c | {"fact": facts[c["fact"]], "source": sources[c["source"]]} for c in cited],
        ),
        "relations": _union(
            [relation for relation in stays["relations"] if relation["event"] not in own],
            [relation for relation in goes["relations"] if relation["event"] not in own],
        ),
        "tags": _union(stays["tags"], goes["tags"]),
        "change": {"kind": "enrichment", "reason": _reason(goes["id"], dropped)},
    }
    return MergeResult(content, list(dict.fromkeys(dropped)))


def merged_record(goes: Record, into: str, now: datetime) -> Record:
    """Return the last version of `goes`: its content, and the event `into` that it was merged into."""
    return goes | {
        "version": goes["version"] + 1,
        "updated_at": max(timestamp(now), goes["updated_at"]),
        "record_state": "merged",
        "merged_into": into,
        "change": {"kind": "correction", "reason": f"Merged into the event {into}."},
    }


def source_ids(stays: Record, goes: Record) -> dict[str, str]:
    """Return the id of each source of `goes` in the merged record: of the same source there, its own, or a new one."""
    same_sources = {_source_key(source): source["id"] for source in reversed(stays["sources"])}
    there, here = _ids(stays), _ids(goes)
    used_ids: set[str | None] = there | here
    return {
        source["id"]: same_sources.get(_source_key(source))
        or (free_id(source["id"], used_ids) if source["id"] in there else source["id"])
        for source in goes["sources"]
    }


def fact_names(stays: Record, goes: Record) -> dict[str, str]:
    """Return the names in `stays` of those facts of `goes` that both records have."""
    there = {key: name for name, key in reversed(list(_facts(stays)))}
    return {name: there[key] for name, key in _facts(goes) if key in there}


def _facts(record: Record) -> Iterator[tuple[str, Hashable]]:
    """Yield the name of each fact and its key, which is equal for the same fact of another record."""
    for field in FACT_FIELDS:
        value = record[field]
        if value:
            yield field, (field, tuple(value) if isinstance(value, list) else value)
    who = {member["id"]: _key("participants", member, {}) for member in record["participants"]}
    for part in FACT_LISTS:
        for member in record[part]:
            yield f"{part}/{member['id']}", _key(part, member, who)


def _key(part: str, member: Record, who: Mapping[str, Hashable]) -> Hashable:
    values = ((field, member.get(field)) for field in _SAME_FACT[part])
    return part, tuple(who.get(value or "") if field in _PARTICIPANTS else value for field, value in values)


def _source_key(source: Record) -> Hashable:
    """Return a key that is equal for two mentions of one source: its address or, without one, all of its text."""
    if source["url"]:
        return url_key(source["url"])
    return tuple(sorted((name, value) for name, value in source.items() if isinstance(value, str) and name != "id"))


def _new_sources(stays: Record, goes: Record, ids: NewIds) -> Iterator[Record]:
    """Yield the sources of `goes` that `stays` lacks, with their new ids."""
    there = _ids(stays)
    for source in goes["sources"]:
        if ids[source["id"]] not in there:
            derived_from = list(dict.fromkeys(ids[id_] for id_ in source["derived_from"]))
            yield source | {"id": ids[source["id"]], "derived_from": derived_from}


def _ids(record: Record) -> set[str | None]:
    return {source["id"] for source in record["sources"]}


def _union(ours: list[Any], theirs: list[Any]) -> list[Any]:
    """Return `ours`, followed by those of `theirs` that are not among them."""
    texts = {render(one) for one in ours}
    new = {text: one for one in theirs if (text := render(one)) not in texts}
    return [*ours, *new.values()]


def _reason(goes: str, dropped: list[str]) -> str:
    reason = f"Merged with the event {goes}."
    if not dropped:
        return reason
    facts = list(dict.fromkeys(dropped))
    names = ", ".join(facts[:_NAMED_FACTS]) + (" and others" if len(facts) > _NAMED_FACTS else "")
    citations = "One citation" if len(dropped) == 1 else f"{len(dropped)} citations"
    return f"{reason} {citations} of facts that this record lacks stayed behind: {names}."
