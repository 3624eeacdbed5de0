"""Subscriptions by what an event must have to concern them, so that few of them are asked about each change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from service.search.filter import All, AnyOf, DateAsked, FigureAsked, Filter, Is, Not, Words
from service.search.index.features import COLUMNS, DATE_KIND, LABELS, MEASURE, UNIT, Features, label

#: Something that an event has: the field of its Features, and a member of that.
Trait = tuple[str, str]

#: Of a hundred events about so many have one value of a field, or a label that begins so. Only to choose by which of
#: its conditions a filter is found.
_SHARE: Mapping[str, float] = {
    "parties": 8,
    "affected": 8,
    "jurisdictions": 10,
    "topics": 5,
    "tags": 2,
    "publishers": 1,
    "currencies": 20,
    "source": 0.01,
    "id": 0.01,
    "to": 0.01,
    "type": 10,
    "instrument": 15,
    "status": 15,
    "verification": 30,
    "lang": 40,
    DATE_KIND: 30,
    MEASURE: 10,
    UNIT: 20,
}

_FIELDS = (*COLUMNS.values(), "currencies", "labels")


@dataclass(frozen=True, slots=True)
class Watched:
    """A subscription whose filter was read: what it stands for by now, and which kinds of entries are wanted."""

    id: UUID
    asked: Filter
    words: tuple[Words, ...]
    kinds: frozenset[str]
    since_seq: int


class Index:
    """Subscriptions by the traits of which an event must have one to pass their filter, now or before."""

    def __init__(self, watched: Iterable[Watched]) -> None:
        """`watched` in the order in which they are to be found."""
        self._by_trait: dict[Trait, list[int]] = {}
        self._always: list[int] = []
        self.watched = list(watched)
        self._dropped: set[UUID] = set()
        for place, one in enumerate(self.watched):
            needed = traits_needed(one.asked)
            if needed is None:
                self._always.append(place)
            for trait in needed or ():
                self._by_trait.setdefault(trait, []).append(place)

    def candidates(self, *several: Features | None) -> list[Watched]:
        """The subscriptions that may be concerned by an event that is, or was, one of `several`."""
        places = set(self._always)
        for features in several:
            for trait in traits_of(features) if features else ():
                places.update(self._by_trait.get(trait, ()))
        return [one for place in sorted(places) if (one := self.watched[place]).id not in self._dropped]

    def drop(self, watched: Watched) -> None:
        """Let the subscription be no candidate any more."""
        self._dropped.add(watched.id)


def traits_of(features: Features) -> Iterator[Trait]:
    """All that an event has."""
    return ((field, value) for field in _FIELDS for value in getattr(features, field))


def traits_needed(asked: Filter) -> frozenset[Trait] | None:
    """Traits of which an event must have one to pass: those that the fewest have. None where it needs none of them."""
    match asked:
        case Is(name, values):
            return frozenset(needed) if (needed := _of_condition(name, values)) is not None else None
        case All(parts):
            return min(filter(None, map(_rated, parts)), key=lambda rated: rated[0], default=(0, None))[1]
        case AnyOf(parts):
            each = [traits_needed(part) for part in parts]
            return None if None in each else frozenset().union(*filter(None, each))
        case Not() | Words():
            return None


def _rated(part: Filter) -> tuple[float, frozenset[Trait]] | None:
    needed = traits_needed(part)
    return None if needed is None else (sum(map(_share, needed)), needed)


def _share(trait: Trait) -> float:
    field, value = trait
    return _SHARE[field if field != "labels" else value.partition(":")[0]]


def _of_condition(name: str, values: tuple[object, ...]) -> Iterable[Trait] | None:
    if name in COLUMNS:
        return [(COLUMNS[name], str(value)) for value in values]
    if name in LABELS:
        return [("labels", label(LABELS[name], str(value))) for value in values]
    match values:
        case (DateAsked(kinds=kinds),) if kinds:
            return [("labels", label(DATE_KIND, kind)) for kind in kinds]
        case (FigureAsked() as figure,):
            return _of_figure(figure)
    return None


def _of_figure(asked: FigureAsked) -> Iterable[Trait] | None:
    if asked.measures:
        return [("labels", label(MEASURE, measure)) for measure in asked.measures]
    if asked.currencies:
        return [("currencies", currency) for currency in asked.currencies]
    return [("labels", label(UNIT, unit)) for unit in asked.units] or None
