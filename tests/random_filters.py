"""Filters by chance: every name, negated and nested, with values that the events at hand have and others."""

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

from schemas import vocabulary as words
from schemas.filter_values import join_values
from schemas.filters import NOT, PLAIN, FilterSchema
from tests.factories import EARLIER
from tests.strategies import EDTF

Asked = dict[str, Any]
Values = Mapping[str, list[str]]

DAYS = ["0001", "2023-12-31", "2024", "2024-04", "2024-04-01", "2024-33", "2024-06-30", "2025", "9999"]
MOMENTS = ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-02T03:04:05.000006+01:00", "2026-01-03", "2027"]

#: Values that some filter may have and no event needs to.
OTHERS: Values = {
    "event_type": [*words.EventType.words()],
    "status": [*words.Status.words()],
    "verification": [*words.Verification.words()],
    "party": ["JP", "EU", "XK"],
    "affected": ["JP", "EU", "XK"],
    "jurisdiction": ["JP", "EU", "XK"],
    "topic": ["materials", "batteries", "sodium", "trade"],
    "tag": ["x", "a,b", "\\", "\\,", "it's %s", "{}"],
    "instrument": [*words.Instrument.words()],
    "lang": ["en", "zh", "ZH-hant", "de-at", "x-private", "sr"],
    "source_publisher": ["Press", 'a "b", c'],
    "source_url": ["https://www.example.org/?utm_source=x#top", "https://example.org/other"],
    "external_id": ["tracker:*", "tracker:1", "a:b:c"],
    "related_to": [EARLIER, "01980000-0000-7000-8000-00000000000f"],
    "date": EDTF,
    "date_from": DAYS,
    "date_to": DAYS,
    "date_kind": [*words.DateKind.words()],
    "date_match": ["possibly", "certainly"],
    "figure_max": ["-1", "0", "0.5", "20", "1000000", "9" * 30],
    "figure_min": ["-1", "0", "0.000000000000000001", "19.8", "75", "1000000", "9" * 30],
    "figure_measure": [*words.Measure.words()],
    "figure_currency": ["EUR", "JPY"],
    "figure_unit": ["GWh", "%"],
}


def values_in(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What filters could find the events `records` by, for each that names values."""
    all_of = list(records)
    return {name: sorted({value for one in all_of for value in find(one)} - {None}) for name, find in _IN.items()}


_IN: dict[str, Callable[[Mapping[str, Any]], Iterable[Any]]] = {
    "event_type": lambda event: [event["event_type"]],
    "status": lambda event: [event["status"]],
    "verification": lambda event: [event["verification"]],
    "party": lambda event: [who["jurisdiction"] for who in event["participants"]],
    "affected": lambda event: [who["jurisdiction"] for who in event["participants"]],
    "jurisdiction": lambda event: [who["jurisdiction"] for who in event["participants"]],
    "topic": lambda event: [topic["id"] for topic in event["topics"]],
    "tag": lambda event: event["tags"],
    "instrument": lambda event: event["instruments"],
    "lang": lambda event: [event["lang"]],
    "source_publisher": lambda event: [source["publisher"] for source in event["sources"]],
    "source_url": lambda event: [source["url"] for source in event["sources"]],
    "external_id": lambda event: [f"{one['scheme']}:{one['value']}" for one in event["external_ids"]],
    "related_to": lambda event: [relation["event"] for relation in event["relations"]],
    "date": lambda event: [entry["edtf"] for entry in event["dates"]],
    "date_kind": lambda event: [entry["kind"] for entry in event["dates"]],
    "date_from": lambda event: [entry["earliest"] for entry in event["dates"]],
    "date_to": lambda event: [entry["latest"] for entry in event["dates"]],
    "figure_min": lambda event: [figure["value"] for figure in event["figures"]],
    "figure_max": lambda event: [figure["value"] for figure in event["figures"]],
    "figure_measure": lambda event: [figure["measure"] for figure in event["figures"]],
    "figure_currency": lambda event: [figure["currency"] for figure in event["figures"]],
    "figure_unit": lambda event: [figure["unit"] for figure in event["figures"]],
}


def flat_filter(chance: Random, known: Values = OTHERS) -> Asked:
    """A filter as JSON that has no other within, as an address can say it too."""
    while True:
        asked: Asked = {}
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            asked |= _group(chance, known)
        if not FilterSchema().validate(asked):  # a range may begin after it ends
            return asked


def any_filter(chance: Random, known: Values = OTHERS, levels: int = 3) -> Asked:
    """A filter as JSON, with others within more often than not."""
    if levels == 1 or chance.random() < 0.4:
        return flat_filter(chance, known)
    asked = flat_filter(chance, known) if chance.random() < 0.3 else {}
    joined_by = chance.choice(["all", "any", "any", "not", "not"])
    inner = [any_filter(chance, known, levels - 1) for _ in range(chance.randint(1, 3))]
    return asked | {joined_by: inner[0] if joined_by == "not" else inner}


def _group(chance: Random, known: Values) -> Asked:
    """One filter, or several of the parameters that together describe a date or a figure; negated one time in three."""
    prefix = chance.choice(["", "", NOT])
    plain = [chance.choice(list(PLAIN))]
    named = chance.choice([plain, plain, plain, DATE, DATE, FIGURE, FIGURE, RECORD])
    if named is RECORD:
        return {name: chance.choice(MOMENTS) for name in chance.sample(RECORD, chance.randint(1, 2))}
    chosen = chance.sample(named, chance.randint(1, len(named)))
    return {prefix + name: _value(chance, known, name) for name in chosen}


DATE = ["date", "date_from", "date_to", "date_kind", "date_match"]
FIGURE = ["figure_measure", "figure_currency", "figure_unit", "figure_min", "figure_max"]
RECORD = ["created_from", "created_to", "updated_since", "updated_to"]


def _value(chance: Random, known: Values, name: str) -> Any:
    """What a filter asks: one value, or a list where it may be one. Most often it is one that an event has."""
    values = known.get(name) if chance.random() < 0.8 else None
    if name in SINGLE:
        return chance.choice(values or OTHERS[name])
    several = [chance.choice(values or OTHERS[name]) for _ in range(chance.randint(1, 3))]
    return chance.choice([several[0], several])


SINGLE = frozenset({"date_from", "date_to", "date_match", "figure_min", "figure_max"})


def as_query(asked: Asked) -> str:
    """A flat filter as the query of an address."""
    return urlencode({name: join_values([value] if isinstance(value, str) else value) for name, value in asked.items()})
