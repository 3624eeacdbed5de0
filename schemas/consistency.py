"""What must hold between the parts of one record. Each check yields (path, sentence) for what does not."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]
Path = tuple[str | int, ...]
Finding = tuple[Path, str]

#: Lists whose members are facts with an id of their own.
FACT_LISTS = ("names", "participants", "dates", "topics", "figures", "statements")
#: Fields that are facts themselves.
FACT_FIELDS = ("title", "summary", "description", "event_type", "status", "instruments")


def _ids(record: Record, part: str) -> set[str]:
    return {member["id"] for member in record[part] if member["id"]}


def ids_are_unique(record: Record) -> Iterator[Finding]:
    """An id stands once in its list."""
    for part in (*FACT_LISTS, "sources"):
        seen: set[str] = set()
        for index, member in enumerate(record[part]):
            if member["id"] in seen:
                yield (part, index, "id"), f'The id "{member["id"]}" stands twice in {part}.'
            if member["id"]:
                seen.add(member["id"])


def external_ids_are_unique(record: Record) -> Iterator[Finding]:
    """A scheme and value stand once."""
    seen: set[tuple[str, str]] = set()
    for index, external in enumerate(record["external_ids"]):
        pair = (external["scheme"], external["value"])
        if pair in seen:
            yield ("external_ids", index), "This external id stands twice."
        seen.add(pair)


def references_exist(record: Record) -> Iterator[Finding]:
    """A field that holds another part's id names one that is there."""
    for part, field, target in (
        ("participants", "on_behalf_of", "participants"),
        ("dates", "resolves", "dates"),
        ("figures", "subject", "participants"),
        ("statements", "speaker", "participants"),
        ("citations", "source", "sources"),
    ):
        known = _ids(record, target)
        for index, member in enumerate(record[part]):
            named = member[field]
            if named is not None and named not in known:
                yield (part, index, field), f'There is no "{named}" in {target}.'


def dates_resolve_what_was_open(record: Record) -> Iterator[Finding]:
    """Only an expected date or a deadline can be resolved, and not by itself."""
    modality = {date["id"]: date["modality"] for date in record["dates"] if date["id"]}
    for index, date in enumerate(record["dates"]):
        if date["resolves"] is not None and modality.get(date["resolves"]) == "actual":
            yield ("dates", index, "resolves"), "Only an expected date or a deadline can be resolved."
        elif date["resolves"] is not None and date["resolves"] == date["id"]:
            yield ("dates", index, "resolves"), "A date cannot resolve itself."


def facts_exist(record: Record) -> Iterator[Finding]:
    """A citation and an outcome name facts of this record."""
    if not (record["citations"] or record["statements"]):
        return
    known = {f"{part}/{id_}" for part in FACT_LISTS for id_ in _ids(record, part)} | set(FACT_FIELDS)
    for part, field in (("citations", "fact"), ("statements", "resolved_by")):
        for index, member in enumerate(record[part]):
            if member[field] is not None and member[field] not in known:
                yield (part, index, field), f'This record has no fact "{member[field]}".'


def chains_end(record: Record) -> Iterator[Finding]:
    """Nobody speaks, and no source derives, for or from itself by any way round."""
    deputies = {who["id"]: [who["on_behalf_of"]] for who in record["participants"] if who["id"] and who["on_behalf_of"]}
    retold = {one["id"]: one["derived_from"] for one in record["sources"] if one["id"] and one["derived_from"]}
    circles = (("participants", "on_behalf_of", deputies), ("sources", "derived_from", retold))
    for part, field, edges in circles:
        circular = _in_a_circle(edges) if edges else ()
        for index, member in enumerate(record[part]):
            if member["id"] in circular:
                yield (part, index, field), f'"{member["id"]}" leads back to itself through {field}.'


def sources_exist(record: Record) -> Iterator[Finding]:
    """`derived_from` names sources of this record."""
    known = _ids(record, "sources")
    for index, source in enumerate(record["sources"]):
        for place, named in enumerate(source["derived_from"]):
            if named not in known:
                yield ("sources", index, "derived_from", place), f'There is no "{named}" in sources.'


def figures_count_in_one_thing(record: Record) -> Iterator[Finding]:
    """A figure is money or an amount, never both."""
    for index, figure in enumerate(record["figures"]):
        if figure["currency"] and figure["unit"]:
            yield ("figures", index, "unit"), "A figure has a currency or a unit, not both."


def relations_have_one_end(record: Record) -> Iterator[Finding]:
    """A relation points at an event or at something outside."""
    for index, relation in enumerate(record["relations"]):
        if bool(relation["event"]) == bool(relation["uri"]):
            yield ("relations", index, "event"), "A relation has either an event or a uri."


def _in_a_circle(edges: Mapping[str, list[str]]) -> set[str]:
    """The nodes that lead back to themselves."""
    remaining = {node: set(targets) for node, targets in edges.items()}
    while True:
        led_to = set().union(*remaining.values()) if remaining else set()
        open_ended = [
            node for node, targets in remaining.items() if not targets & remaining.keys() or node not in led_to
        ]
        if not open_ended:
            break
        for node in open_ended:
            del remaining[node]
    # What is left may also stand between two circles.
    return {node for node in remaining if node in _led_to(node, remaining)}


def _led_to(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        more = edges.get(pending.pop(), set()) - found
        found |= more
        pending.extend(more)
    return found


CHECKS: tuple[Callable[[Record], Iterator[Finding]], ...] = (
    ids_are_unique,
    external_ids_are_unique,
    references_exist,
    sources_exist,
    dates_resolve_what_was_open,
    facts_exist,
    chains_end,
    figures_count_in_one_thing,
    relations_have_one_end,
)


def findings(record: Record) -> Iterator[Finding]:
    """All that does not hold in `record`, a loaded event with every key present."""
    for check in CHECKS:
        yield from check(record)
