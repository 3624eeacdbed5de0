"""How well an event is known, computed from its sources and citations."""

import unicodedata
from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]

#: Facts that make the event what it is. What backs only a figure or a statement does not verify the event.
_CORE_FIELDS = frozenset({"title", "summary", "event_type", "status"})
_CORE_LISTS = frozenset({"names", "dates"})


def verification(record: Record) -> str:
    """The strongest word of the vocabulary `verification` that `record`'s evidence bears; a dispute goes before all."""
    if is_disputed(record):
        return "disputed"
    backing = backing_sources(record)
    if any(is_official(source, record) for source in backing):
        return "official"
    independent = len(roots(backing, record))
    return ("unverified", "single_source")[independent] if independent < 2 else "corroborated"  # noqa: PLR2004 (two is what corroborates)


def is_disputed(record: Record) -> bool:
    """Whether some fact is contradicted and no other source clarifies it."""
    clarified = {(c["fact"], c["source"]) for c in record["citations"] if c["stance"] == "clarifies"}
    return any(
        not any(fact == citation["fact"] and source != citation["source"] for fact, source in clarified)
        for citation in record["citations"]
        if citation["stance"] == "contradicts"
    )


def backing_sources(record: Record) -> list[Record]:
    """The sources that bear out the event itself.

    A source does so where it supports one of the event's core facts, and where nothing says what it is cited for: most
    trackers name a source for the whole record.
    """
    core = _core_facts(record)
    cited = {citation["source"] for citation in record["citations"]}
    supporting = {c["source"] for c in record["citations"] if c["stance"] == "supports" and c["fact"] in core}
    retold = {id_ for source in record["sources"] for id_ in source["derived_from"]}
    return [source for source in record["sources"] if source["id"] in supporting or source["id"] not in cited | retold]


def roots(sources: list[Record], record: Record) -> set[str]:
    """Ids of the sources that `sources` go back to: those that retell no other."""
    derived_from = {source["id"]: source["derived_from"] for source in record["sources"]}
    found, pending, seen = set(), [source["id"] for source in sources], set()
    while pending:
        id_ = pending.pop()
        if id_ in seen:
            continue
        seen.add(id_)
        if derived_from[id_]:
            pending.extend(derived_from[id_])
        else:
            found.add(id_)
    return found


def is_official(source: Record, record: Record) -> bool:
    """Whether `source` is a primary source published by a party, or by who acts for one."""
    if source["tier"] != "primary" or not source["publisher"]:
        return False
    return _plain(source["publisher"]) in {_plain(name) for name in _party_names(record)}


def _core_facts(record: Record) -> set[str]:
    parties = {f"participants/{who['id']}" for who in record["participants"] if who["role"] == "party"}
    members = {f"{part}/{member['id']}" for part in _CORE_LISTS for member in record[part]}
    return parties | members | _CORE_FIELDS


def _party_names(record: Record) -> set[str]:
    """Names of the parties and of everyone who acts for one, at any remove."""
    acting = {who["id"] for who in record["participants"] if who["role"] == "party"}
    while True:
        more = {who["id"] for who in record["participants"] if who["on_behalf_of"] in acting} - acting
        if not more:
            break
        acting |= more
    return {who["name"] for who in record["participants"] if who["id"] in acting}


def _plain(name: str) -> str:
    """`name` without differences of case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
