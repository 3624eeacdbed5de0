"""Two records of one event: what the one that stays takes over from the one that goes."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.consistency import FACT_FIELDS, FACT_LISTS
from service.events.normalize import Record, free_id, timestamp
from service.search.index.features import url_key
from service.strict_json import render

#: Fields by which two members of a list are one fact; the others only say more of it.
_SAME_FACT: dict[str, tuple[str, ...]] = {
    "names": ("value", "lang"),
    "participants": ("name", "role"),
    "dates": ("kind", "edtf", "modality"),
    "topics": ("id",),
    "figures": ("measure", "subject", "value", "comparator", "currency", "unit", "period", "value_type"),
    "statements": ("speaker", "text"),
}

#: Fields of those that hold a participant's id, which means something in its own record only.
_PARTICIPANTS = frozenset({"subject", "speaker"})

#: Facts that a reason names at most: ten of the longest fit into what the schema lets a reason be.
_NAMED_FACTS = 10

#: Where old names lead in the record that stays.
Renamed = Mapping[str, str]


@dataclass(frozen=True)
class Merged:
    """The record that stays, as a client would send it back, and the other one's facts whose citations it lacks."""

    content: Record
    left_behind: list[str]


def merge(stays: Record, goes: Record, own: Collection[str] = ()) -> Merged:
    """`stays` with the external ids, sources, citations, relations and tags of `goes`.

    Both are records as stored. A source that stands in both is not doubled; one whose id is taken gets another, and
    what names it follows. A citation comes along where the record that stays has its fact. `own` holds the ids of
    events that are one of the two by now, beside their own: relations to those would lead from the event to itself.
    """
    sources = source_ids(stays, goes)
    facts = fact_names(stays, goes)
    cited = [citation for citation in goes["citations"] if citation["fact"] in facts]
    left_behind = [citation["fact"] for citation in goes["citations"] if citation["fact"] not in facts]
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
        "change": {"kind": "enrichment", "reason": _reason(goes["id"], left_behind)},
    }
    return Merged(content, list(dict.fromkeys(left_behind)))


def merged_record(goes: Record, into: str, now: datetime) -> Record:
    """The last version of `goes`: what it said, and that it was found to be the event `into`."""
    return goes | {
        "version": goes["version"] + 1,
        "updated_at": timestamp(now),
        "record_state": "merged",
        "merged_into": into,
        "change": {"kind": "correction", "reason": f"Found to be the event {into}."},
    }


def source_ids(stays: Record, goes: Record) -> dict[str, str]:
    """For each source of `goes` its id in the merged record: that of the same source there, its own, or a new one."""
    known = {_source_key(source): source["id"] for source in reversed(stays["sources"])}
    there, here = _ids(stays), _ids(goes)
    taken: set[str | None] = there | here
    return {
        source["id"]: known.get(_source_key(source))
        or (free_id(source["id"], taken) if source["id"] in there else source["id"])
        for source in goes["sources"]
    }


def fact_names(stays: Record, goes: Record) -> dict[str, str]:
    """For each fact of `goes` that `stays` states as well, its name there."""
    there = {key: name for name, key in reversed(list(_facts(stays)))}
    return {name: there[key] for name, key in _facts(goes) if key in there}


def _facts(record: Record) -> Iterator[tuple[str, Hashable]]:
    """The name of each fact, and what is equal for the same fact of another record."""
    for field in FACT_FIELDS:
        value = record[field]
        if value:
            yield field, (field, tuple(value) if isinstance(value, list) else value)
    who = {member["id"]: _key("participants", member, {}) for member in record["participants"]}
    for part in FACT_LISTS:
        for member in record[part]:
            yield f"{part}/{member['id']}", _key(part, member, who)


def _key(part: str, member: Record, who: Mapping[str, Hashable]) -> Hashable:
    values = ((field, member[field]) for field in _SAME_FACT[part])
    return part, tuple(who.get(value) if field in _PARTICIPANTS else value for field, value in values)


def _source_key(source: Record) -> Hashable:
    """What is equal for two mentions of one source: its address or, without one, all that is said of it."""
    if source["url"]:
        return url_key(source["url"])
    return tuple(sorted((name, value) for name, value in source.items() if isinstance(value, str) and name != "id"))


def _new_sources(stays: Record, goes: Record, ids: Renamed) -> Iterator[Record]:
    """The sources of `goes` that `stays` lacks, under their ids there."""
    there = _ids(stays)
    for source in goes["sources"]:
        if ids[source["id"]] not in there:
            retold = list(dict.fromkeys(ids[id_] for id_ in source["derived_from"]))
            yield source | {"id": ids[source["id"]], "derived_from": retold}


def _ids(record: Record) -> set[str | None]:
    return {source["id"] for source in record["sources"]}


def _union(ours: list[Any], theirs: list[Any]) -> list[Any]:
    """`ours`, and those of `theirs` that are not among them."""
    seen = {render(one) for one in ours}
    new = {text: one for one in theirs if (text := render(one)) not in seen}
    return [*ours, *new.values()]


def _reason(goes: str, left_behind: list[str]) -> str:
    told = f"Merged with the event {goes}."
    if not left_behind:
        return told
    facts = list(dict.fromkeys(left_behind))
    named = ", ".join(facts[:_NAMED_FACTS]) + (" and others" if len(facts) > _NAMED_FACTS else "")
    citations = "One citation" if len(left_behind) == 1 else f"{len(left_behind)} citations"
    return f"{told} {citations} of facts that this record does not state stayed behind: {named}."
