"""What is counted beside a list: which facets there are, and what an event counts as in each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from schemas.edtf import Bounds
from service.search.filter import EVERYTHING, All, DateAsked, FigureAsked, Filter, Is
from service.search.index.features import LABELS, Features

#: Every facet, and what the keys of its values begin with in event_search.
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

#: Facets whose keys are labels of the event already.
_LABELLED = frozenset({"event_type", "status", "verification", "lang", "instrument"})

#: Facets of a column of the event.
_COLUMNS = {
    "topic": "topics",
    "jurisdiction": "jurisdictions",
    "party": "parties",
    "affected": "affected",
    "source_publisher": "publishers",
    "figure_currency": "currencies",
    "tag": "tags",
}

#: Filters that a look at the keys decides, and what these begin with. The figure's currency is one of several
#: conditions on one figure, so it is not among them.
KEYED: Mapping[str, str] = {name: FACETS[name] for name in (*_COLUMNS, *_LABELLED) if name != "figure_currency"}

#: Years and months that an event may count in: a longer span counts in its first ones.
MOST_YEARS, MOST_MONTHS = 100, 24

#: The event's topics in one key, since it counts once in what is broader than several of them; and the facets in which
#: it has no value, which every event has one key of.
TOPIC_SET, WITHOUT = "topics", "without"


def keys_of(features: Features) -> list[str]:
    """The keys by which the event can be found and is counted."""
    keys = {label for label in features.labels if _BY_PREFIX.get(label.partition(":")[0]) in _LABELLED}
    for name, column in _COLUMNS.items():
        keys |= {f"{FACETS[name]}:{value}" for value in getattr(features, column)}
    return sorted(keys)


def counted_of(features: Features, keys: Iterable[str]) -> list[str]:
    """What the event with `keys` is counted as besides."""
    dated = [f"{FACETS['year']}:{year}" for year in years_of(features.main)]
    dated += [f"{FACETS['month']}:{month}" for month in months_of(features.main)]
    said = {key.partition(":")[0] for key in (*keys, *dated)}
    lacking = ",".join(name for name, prefix in FACETS.items() if prefix not in said)
    topics = [f"{TOPIC_SET}:{' '.join(sorted(features.topics))}"] if features.topics else []
    return [*dated, *topics, f"{WITHOUT}:{lacking}"]


def years_of(main: Bounds | None) -> list[str]:
    """The years that a date touches. An open end counts as the other one."""
    first, last = _ends(main)
    return [f"{year:04}" for year in range(first.year, last.year + 1)][:MOST_YEARS] if first and last else []


def months_of(main: Bounds | None) -> list[str]:
    """The months that a date touches, likewise."""
    first, last = _ends(main)
    if not (first and last):
        return []
    begin, end = _month(first), _month(last)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(begin, min(end + 1, begin + MOST_MONTHS))]


def _ends(main: Bounds | None) -> tuple[date | None, date | None]:
    return (main.earliest or main.latest, main.latest or main.earliest) if main else (None, None)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def grouped(asked: Filter, names: Iterable[str]) -> dict[Filter, list[str]]:
    """The facets `names` by the filter under which each is counted: `asked` without what narrows by the facet itself.

    What leaves events out by `not_` goes on doing so.
    """
    groups: dict[Filter, list[str]] = {}
    for name in names:
        groups.setdefault(_without(asked, name), []).append(name)
    return groups


def _without(asked: Filter, name: str) -> Filter:
    parts = asked.parts if isinstance(asked, All) else (asked,)
    kept = [left for part in parts for left in _left_of(part, name)]
    return kept[0] if len(kept) == 1 else All(tuple(kept)) if kept else EVERYTHING


def _left_of(part: Filter, name: str) -> Iterator[Filter]:
    """What is left of one condition for the facet `name`."""
    match part:
        case Is("date", (DateAsked(kinds=kinds) as when,)) if name in ("year", "month"):
            if kinds:
                yield Is("date", (replace(when, periods=None),))
        case Is("figure", (FigureAsked() as figure,)) if name == "figure_currency":
            if (rest := replace(figure, currencies=())) != _NO_FIGURE:
                yield Is("figure", (rest,))
        case Is(condition) if condition == name:
            pass
        case _:
            yield part


_NO_FIGURE = FigureAsked((), (), (), None, None)


@dataclass
class Tally:
    """How many events count as what."""

    matched: int = 0
    values: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in FACETS})
    without: Counter[str] = field(default_factory=Counter)


def matched_in(rows: Iterable[tuple[str, int]]) -> int:
    """Of how many events counted `rows` tell."""
    return sum(number for kind, _, number in _split(rows) if kind == WITHOUT)


def topics_in(rows: Iterable[tuple[str, int]]) -> list[str]:
    """Every topic in counted `rows`."""
    return sorted({topic for kind, value, _ in _split(rows) if kind == TOPIC_SET for topic in value.split(" ")})


def tally(rows: Iterable[tuple[str, int]], wider: Mapping[str, Sequence[str]]) -> Tally:
    """What counted `rows` of key and number come to. `wider` has each topic with itself and all that is broader."""
    counted = Tally()
    for kind, value, number in _split(rows):
        if kind == TOPIC_SET:
            for topic in {above for one in value.split(" ") for above in wider.get(one, ())}:
                counted.values["topic"][topic] += number
        elif kind == WITHOUT:
            counted.matched += number
            counted.without.update(dict.fromkeys(value.split(","), number))
        elif (name := _BY_PREFIX.get(kind)) and name != "topic":
            counted.values[name][value] += number
    return counted


def _split(rows: Iterable[tuple[str, int]]) -> Iterator[tuple[str, str, int]]:
    for key, number in rows:
        kind, _, value = key.partition(":")
        yield kind, value, number


def leading(values: Mapping[str, int], limit: int) -> list[tuple[str, int]]:
    """The `limit` most frequent values; those that are as frequent, in their own order."""
    return sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
