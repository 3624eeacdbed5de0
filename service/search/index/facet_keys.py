"""The facets, and the keys by which an event counts in each of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from schemas.edtf import Bounds
from service.search.filter import EVERYTHING, All, DateFilter, FigureFilter, Filter, Is
from service.search.index.features import LABELS, Features

#: The prefix of keys in event_search by facet.
FACETS: Mapping[str, str] = {
    "topic": "topic",
    "jurisdiction": "in",
    "party": "party",
    "affected": "affects",
    "event_type": LABELS["event_type"],
    "status": LABELS["status"],
    "verification": LABELS["verification"],
    "year": "year",
    "month": "month",
    "source_publisher": "by",
    "figure_currency": "currency",
    "tag": "tag",
    "lang": LABELS["lang"],
    "instrument": LABELS["instrument"],
}
_BY_PREFIX = {prefix: name for name, prefix in FACETS.items()}

#: The facets whose keys are index terms of the event already.
_LABELLED = frozenset({"event_type", "status", "verification", "lang", "instrument"})

#: The column of an event by facet.
_COLUMNS = {
    "topic": "topics",
    "jurisdiction": "jurisdictions",
    "party": "parties",
    "affected": "affected",
    "source_publisher": "publishers",
    "figure_currency": "currencies",
    "tag": "tags",
}

#: The prefix of keys by filter, for the filters that keys alone decide. The currency of a figure is not among them,
#: because it is one of several conditions on the same figure.
KEYED: Mapping[str, str] = {name: FACETS[name] for name in (*_COLUMNS, *_LABELLED) if name != "figure_currency"}

#: The most years and months in which an event counts. A longer period counts in its first ones.
MOST_YEARS, MOST_MONTHS = 100, 24

#: The prefix of the key with all topics of an event, which counts once in a topic that is broader than several of them;
#: and the prefix of the key with the facets in which the event has no value. Every event has one of the latter.
TOPIC_SET, WITHOUT = "topics", "without"


def facet_keys(features: Features) -> list[str]:
    """Return the keys by which filters match the event and facets count it."""
    keys = {label for label in features.labels if _BY_PREFIX.get(label.partition(":")[0]) in _LABELLED}
    for name, column in _COLUMNS.items():
        keys |= {f"{FACETS[name]}:{value}" for value in getattr(features, column)}
    return sorted(keys)


def counted_keys(features: Features, keys: Iterable[str]) -> list[str]:
    """Return the further keys by which facets count the event, whose facet keys are `keys`."""
    dated = [f"{FACETS['year']}:{year}" for year in years_of(features.main)]
    dated += [f"{FACETS['month']}:{month}" for month in months_of(features.main)]
    prefixes = {key.partition(":")[0] for key in (*keys, *dated)}
    lacking = ",".join(name for name, prefix in FACETS.items() if prefix not in prefixes)
    topics = [f"{TOPIC_SET}:{' '.join(sorted(features.topics))}"] if features.topics else []
    return [*dated, *topics, f"{WITHOUT}:{lacking}"]


def years_of(main: Bounds | None) -> list[str]:
    """Return the years that overlap the date. An open end counts as the other end."""
    first, last = _ends(main)
    return [f"{year:04}" for year in range(first.year, last.year + 1)][:MOST_YEARS] if first and last else []


def months_of(main: Bounds | None) -> list[str]:
    """Return the months that overlap the date, as for years."""
    first, last = _ends(main)
    if not (first and last):
        return []
    begin, end = _month(first), _month(last)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(begin, min(end + 1, begin + MOST_MONTHS))]


def _ends(main: Bounds | None) -> tuple[date | None, date | None]:
    return (main.earliest or main.latest, main.latest or main.earliest) if main else (None, None)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def facets_by_filter(filter: Filter, names: Iterable[str]) -> dict[Filter, list[str]]:
    """Return the facets `names` by the filter under which each is counted.

    That is the filter without its conditions on the facet itself. Conditions with `not_` remain.
    """
    groups: dict[Filter, list[str]] = {}
    for name in names:
        groups.setdefault(_without(filter, name), []).append(name)
    return groups


def _without(filter: Filter, name: str) -> Filter:
    parts = filter.parts if isinstance(filter, All) else (filter,)
    others = [rest for part in parts for rest in _rest_of(part, name)]
    return others[0] if len(others) == 1 else All(tuple(others)) if others else EVERYTHING


def _rest_of(part: Filter, name: str) -> Iterator[Filter]:
    """Return one condition without what it says of the facet `name`; nothing if it says nothing else."""
    match part:
        case Is("date", (DateFilter(kinds=kinds) as when,)) if name in ("year", "month"):
            if kinds:
                yield Is("date", (replace(when, periods=None),))
        case Is("figure", (FigureFilter() as figure,)) if name == "figure_currency":
            if (rest := replace(figure, currencies=())) != _NO_FIGURE:
                yield Is("figure", (rest,))
        case Is(condition) if condition == name:
            pass
        case _:
            yield part


_NO_FIGURE = FigureFilter((), (), (), None, None)


@dataclass
class Tally:
    """The number of matching events, of events by value of each facet, and of events without a value."""

    matched: int = 0
    values: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in FACETS})
    without: Counter[str] = field(default_factory=Counter)


def count_matched(rows: Iterable[tuple[str, int]]) -> int:
    """Return the number of events in rows of key and number."""
    return sum(number for kind, _, number in _split(rows) if kind == WITHOUT)


def topics_in(rows: Iterable[tuple[str, int]]) -> list[str]:
    """Return the topics in rows of key and number, in order."""
    return sorted({topic for kind, value, _ in _split(rows) if kind == TOPIC_SET for topic in value.split(" ")})


def tally_rows(rows: Iterable[tuple[str, int]], wider: Mapping[str, Sequence[str]]) -> Tally:
    """Return the tally of rows of key and number. `wider` has for each topic itself and all broader topics."""
    tally = Tally()
    for kind, value, number in _split(rows):
        if kind == TOPIC_SET:
            for topic in {above for one in value.split(" ") for above in wider.get(one, ())}:
                tally.values["topic"][topic] += number
        elif kind == WITHOUT:
            tally.matched += number
            tally.without.update(dict.fromkeys(value.split(","), number))
        elif (name := _BY_PREFIX.get(kind)) and name != "topic":
            tally.values[name][value] += number
    return tally


def _split(rows: Iterable[tuple[str, int]]) -> Iterator[tuple[str, str, int]]:
    for key, number in rows:
        kind, _, value = key.partition(":")
        yield kind, value, number


def most_frequent(values: Mapping[str, int], limit: int) -> list[tuple[str, int]]:
    """Return the `limit` most frequent values; those with equal numbers are in alphabetical order."""
    return sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
