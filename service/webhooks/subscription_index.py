"""An index of subscriptions by the features that their filters require: few of them are evaluated for each change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from service.search.filter import All, AnyOf, DateFilter, FigureFilter, Filter, Is, Not, Words
from service.search.index.features import COLUMNS, DATE_KIND, LABELS, MEASURE, UNIT, Features, label

#: An index key: a field of Features, and one of its members.
Trait = tuple[str, str]

#: Events of a hundred that have a given value of a field, or a label with this prefix, as an estimate. It only chooses
#: the condition by which a filter is indexed.
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
class IndexedSubscription:
    """A subscription with its parsed and expanded filter, the filter's words, and the kinds of changes to deliver."""

    id: UUID
    filter: Filter
    words: tuple[Words, ...]
    kinds: frozenset[str]
    since_seq: int
    until_seq: int | None = None

    def covers(self, seq: int) -> bool:
        """Return whether the change numbered `seq` is one of those to match."""
        return seq > self.since_seq and (self.until_seq is None or seq <= self.until_seq)


class SubscriptionIndex:
    """Subscriptions by their required traits: an event must have one of them, now or before, to match."""

    def __init__(self, subscriptions: Iterable[IndexedSubscription]) -> None:
        """`candidates` keeps the order of `subscriptions`."""
        self._by_trait: dict[Trait, list[int]] = {}
        self._always: list[int] = []
        self.subscriptions = list(subscriptions)
        self._removed: set[UUID] = set()
        for position, subscription in enumerate(self.subscriptions):
            traits = required_traits(subscription.filter)
            if traits is None:
                self._always.append(position)
            for trait in traits or ():
                self._by_trait.setdefault(trait, []).append(position)

    def candidates(self, *versions: Features | None) -> list[IndexedSubscription]:
        """Return the subscriptions that may match an event with the features of one of its `versions`."""
        positions = set(self._always)
        for features in versions:
            for trait in traits_of(features) if features else ():
                positions.update(self._by_trait.get(trait, ()))
        candidates = (self.subscriptions[position] for position in sorted(positions))
        return [one for one in candidates if one.id not in self._removed]

    def remove(self, subscription: IndexedSubscription) -> None:
        """Remove the subscription from all later candidates."""
        self._removed.add(subscription.id)


def traits_of(features: Features) -> Iterator[Trait]:
    """Yield all traits of an event."""
    return ((field, value) for field in _FIELDS for value in getattr(features, field))


def required_traits(filter_: Filter) -> frozenset[Trait] | None:
    """Return the rarest traits of which an event must have one to match, or None if the filter requires none."""
    match filter_:
        case Is(name, values):
            return frozenset(traits) if (traits := _of_condition(name, values)) is not None else None
        case All(parts):
            return min(filter(None, map(_weighted, parts)), key=lambda pair: pair[0], default=(0, None))[1]
        case AnyOf(parts):
            each = [required_traits(part) for part in parts]
            return None if None in each else frozenset().union(*filter(None, each))
        case Not() | Words():
            return None


def _weighted(part: Filter) -> tuple[float, frozenset[Trait]] | None:
    traits = required_traits(part)
    return None if traits is None else (sum(map(_share, traits)), traits)


def _share(trait: Trait) -> float:
    field, value = trait
    return _SHARE[field if field != "labels" else value.partition(":")[0]]


def _of_condition(name: str, values: tuple[object, ...]) -> Iterable[Trait] | None:
    if name in COLUMNS:
        return [(COLUMNS[name], str(value)) for value in values]
    if name in LABELS:
        return [("labels", label(LABELS[name], str(value))) for value in values]
    match values:
        case (DateFilter(kinds=kinds),) if kinds:
            return [("labels", label(DATE_KIND, kind)) for kind in kinds]
        case (FigureFilter() as figure,):
            return _of_figure(figure)
    return None


def _of_figure(figure: FigureFilter) -> Iterable[Trait] | None:
    if figure.measures:
        return [("labels", label(MEASURE, measure)) for measure in figure.measures]
    if figure.currencies:
        return [("currencies", currency) for currency in figure.currencies]
    return [("labels", label(UNIT, unit)) for unit in figure.units] or None
