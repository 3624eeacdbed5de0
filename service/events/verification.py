"""The verification of an event, computed from its sources and citations."""

import unicodedata
from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]

#: The core facts of an event. A source that supports only a figure or a statement does not verify the event.
_CORE_FIELDS = frozenset({"title", "summary", "event_type", "status"})
_CORE_LISTS = frozenset({"names", "dates"})


def verification(record: Record) -> str:
    """Return the strongest word of the vocabulary `verification` that the evidence supports; `disputed` comes first."""
    if is_disputed(record):
        return "disputed"
    backing = backing_sources(record)
    if any(is_official(source, record) for source in backing):
        return "official"
    independent = len(roots(backing, record))
    return ("unverified", "single_source")[independent] if independent < 2 else "corroborated"  # noqa: PLR2004 (two sources corroborate)


def is_disputed(record: Record) -> bool:
    """Return True if some fact is contradicted and no other source clarifies it."""
    clarified = {(c["fact"], c["source"]) for c in record["citations"] if c["stance"] == "clarifies"}
    return any(
        not any(fact == citation["fact"] and source != citation["source"] for fact, source in clarified)
        for citation in record["citations"]
        if citation["stance"] == "contradicts"
    )


def backing_sources(record: Record) -> list[Record]:
    """Return the sources that support the event itself.

    Those are the sources that support a core fact, and those without citations: most trackers name a source for the
    whole record.
    """
    core = _core_facts(record)
    cited = {citation["source"] for citation in record["citations"]}
    supporting = {c["source"] for c in record["citations"] if c["stance"] == "supports" and c["fact"] in core}
    originals = {id_ for source in record["sources"] for id_ in source["derived_from"]}
    return [
        source for source in record["sources"] if source["id"] in supporting or source["id"] not in cited | originals
    ]


def roots(sources: list[Record], record: Record) -> set[str]:
    """Return the ids of the independent sources behind `sources`: those that derive from no other."""
    derived_from = {source["id"]: source["derived_from"] for source in record["sources"]}
    independent, pending, visited = set(), [source["id"] for source in sources], set()
    while pending:
        id_ = pending.pop()
        if id_ in visited:
            continue
        visited.add(id_)
        if derived_from[id_]:
            pending.extend(derived_from[id_])
        else:
            independent.add(id_)
    return independent


def is_official(source: Record, record: Record) -> bool:
    """Return True for a primary source that a party published, or a participant that acts for one."""
    if source["tier"] != "primary" or not source["publisher"]:
        return False
    return _plain(source["publisher"]) in {_plain(name) for name in _party_names(record)}


def _core_facts(record: Record) -> set[str]:
    parties = {f"participants/{who['id']}" for who in record["participants"] if who["role"] == "party"}
    members = {f"{part}/{member['id']}" for part in _CORE_LISTS for member in record[part]}
    return parties | members | _CORE_FIELDS


def _party_names(record: Record) -> set[str]:
    """Return the names of the parties and of everyone who acts for one, directly or through others."""
    acting = {who["id"] for who in record["participants"] if who["role"] == "party"}
    while True:
        more = {who["id"] for who in record["participants"] if who["on_behalf_of"] in acting} - acting
        if not more:
            break
        acting |= more
    return {who["name"] for who in record["participants"] if who["id"] in acting}


def _plain(name: str) -> str:
    """Return `name` without differences of case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
