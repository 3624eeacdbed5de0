"""Checks between the parts of one record. Each check yields a path and a sentence for each fault."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
Path = tuple[str | int, ...]
Finding = tuple[Path, str]

#: Lists of facts: each member has an id.
FACT_LISTS = ("names", "participants", "dates", "topics", "figures", "statements")
#: Fields that are facts, too.
FACT_FIELDS = ("title", "summary", "description", "event_type", "status", "instruments")


def _ids(record: Record, part: str) -> set[str]:
    return {member["id"] for member in record[part] if member["id"]}


def ids_are_unique(record: Record) -> Iterator[Finding]:
    """Check that no id occurs twice in its list."""
    for part in (*FACT_LISTS, "sources"):
        ids: set[str] = set()
        for index, member in enumerate(record[part]):
            if member["id"] in ids:
                yield (part, index, "id"), f'The id "{member["id"]}" occurs twice in {part}.'
            if member["id"]:
                ids.add(member["id"])


def external_ids_are_unique(record: Record) -> Iterator[Finding]:
    """Check that no scheme and value occur twice."""
    pairs: set[tuple[str, str]] = set()
    for index, external in enumerate(record["external_ids"]):
        pair = (external["scheme"], external["value"])
        if pair in pairs:
            yield ("external_ids", index), "This external id occurs twice."
        pairs.add(pair)


def references_exist(record: Record) -> Iterator[Finding]:
    """Check that each reference from one part to another names an existing id."""
    for part, field, target in (
        ("participants", "on_behalf_of", "participants"),
        ("dates", "resolves", "dates"),
        ("figures", "subject", "participants"),
        ("statements", "speaker", "participants"),
        ("citations", "source", "sources"),
    ):
        ids = _ids(record, target)
        for index, member in enumerate(record[part]):
            id_ = member[field]
            if id_ is not None and id_ not in ids:
                yield (part, index, field), f'There is no "{id_}" in {target}.'


def resolved_dates_were_open(record: Record) -> Iterator[Finding]:
    """Check that only expected dates and deadlines are resolved, and none by itself."""
    modality = {date["id"]: date["modality"] for date in record["dates"] if date["id"]}
    for index, date in enumerate(record["dates"]):
        if date["resolves"] is not None and modality.get(date["resolves"]) == "actual":
            yield ("dates", index, "resolves"), "Only an expected date or a deadline can be resolved."
        elif date["resolves"] is not None and date["resolves"] == date["id"]:
            yield ("dates", index, "resolves"), "A date cannot resolve itself."


def facts_exist(record: Record) -> Iterator[Finding]:
    """Check that citations and outcomes name facts of this record."""
    if not (record["citations"] or record["statements"]):
        return
    facts = {f"{part}/{id_}" for part in FACT_LISTS for id_ in _ids(record, part)} | set(FACT_FIELDS)
    for part, field in (("citations", "fact"), ("statements", "resolved_by")):
        for index, member in enumerate(record[part]):
            if member[field] is not None and member[field] not in facts:
                yield (part, index, field), f'This record has no fact "{member[field]}".'


def chains_end(record: Record) -> Iterator[Finding]:
    """Check that no participant acts for itself and no source derives from itself, directly or through others."""
    deputies = {who["id"]: [who["on_behalf_of"]] for who in record["participants"] if who["id"] and who["on_behalf_of"]}
    derivations = {one["id"]: one["derived_from"] for one in record["sources"] if one["id"] and one["derived_from"]}
    graphs = (("participants", "on_behalf_of", deputies), ("sources", "derived_from", derivations))
    for part, field, edges in graphs:
        circular = _nodes_in_cycles(edges) if edges else ()
        for index, member in enumerate(record[part]):
            if member["id"] in circular:
                yield (part, index, field), f'"{member["id"]}" leads back to itself through {field}.'


def sources_exist(record: Record) -> Iterator[Finding]:
    """Check that `derived_from` names sources of this record."""
    ids = _ids(record, "sources")
    for index, source in enumerate(record["sources"]):
        for place, id_ in enumerate(source["derived_from"]):
            if id_ not in ids:
                yield ("sources", index, "derived_from", place), f'There is no "{id_}" in sources.'


def figures_have_one_unit(record: Record) -> Iterator[Finding]:
    """Check that no figure has both a currency and a unit."""
    for index, figure in enumerate(record["figures"]):
        if figure["currency"] and figure["unit"]:
            yield ("figures", index, "unit"), "A figure has a currency or a unit, not both."


def ranges_are_in_order(record: Record) -> Iterator[Finding]:
    """Check that the greatest value of a range is not less than its least value."""
    for index, figure in enumerate(record["figures"]):
        if figure["value_max"] is not None and Decimal(figure["value_max"]) < Decimal(figure["value"]):
            yield ("figures", index, "value_max"), "Must not be less than value, the least value of the range."


def relations_have_one_end(record: Record) -> Iterator[Finding]:
    """Check that each relation points to either an event or a URI."""
    for index, relation in enumerate(record["relations"]):
        if bool(relation["event"]) == bool(relation["uri"]):
            yield ("relations", index, "event"), "A relation has either an event or a uri."


def _nodes_in_cycles(edges: Mapping[str, list[str]]) -> set[str]:
    """Return the nodes that lead back to themselves."""
    remaining = {node: set(targets) for node, targets in edges.items()}
    while True:
        all_targets = set().union(*remaining.values()) if remaining else set()
        loose_ends = [
            node for node, targets in remaining.items() if not targets & remaining.keys() or node not in all_targets
        ]
        if not loose_ends:
            break
        for node in loose_ends:
            del remaining[node]
    # A remaining node can also lie between two cycles.
    return {node for node in remaining if node in _reachable(node, remaining)}


def _reachable(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    nodes: set[str] = set()
    pending = [start]
    while pending:
        more = edges.get(pending.pop(), set()) - nodes
        nodes |= more
        pending.extend(more)
    return nodes


CHECKS: tuple[Callable[[Record], Iterator[Finding]], ...] = (
    ids_are_unique,
    external_ids_are_unique,
    references_exist,
    sources_exist,
    resolved_dates_were_open,
    facts_exist,
    chains_end,
    figures_have_one_unit,
    ranges_are_in_order,
    relations_have_one_end,
)


def findings(record: Record) -> Iterator[Finding]:
    """Yield every fault of `record`, a loaded event with all keys."""
    for check in CHECKS:
        yield from check(record)
