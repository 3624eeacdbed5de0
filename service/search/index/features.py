"""The features of an event, which filters compare: columns of its row, index terms, and the main date."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from schemas.codes import enclosing_jurisdictions
from schemas.edtf import Bounds, bounds
from service.search.index.source_keys import source_digest

Record = Mapping[str, Any]

#: The prefix of index terms in the column `labels` by filter.
LABELS = {
    "event_type": "type",
    "status": "status",
    "verification": "verification",
    "instrument": "instrument",
    "lang": "lang",
    "source_url": "source",
    "external_id": "id",
    "related_to": "to",
}
#: Prefixes of index terms that leave few dates and figures to compare.
DATE_KIND, MEASURE, UNIT, VALUE = "date", "measure", "unit", "value"
#: The prefix of the month in which the main date begins, by which a list in the order of dates is read; and of that
#: month for a date that can be later than it.
MONTH, BEYOND = "month", "beyond"

#: The column by filter, for filters with a column of their own.
COLUMNS = {
    "party": "parties",
    "affected": "affected",
    "jurisdiction": "jurisdictions",
    "topic": "topics",
    "tag": "tags",
    "source_publisher": "publishers",
}

#: The most years of a date that is indexed by each of them.
MOST_YEARS = 5

#: The magnitudes of values in order, least first; 30 digits are the most that one has before its point.
MAGNITUDES = [*(f"-{digits}" for digits in range(30, -1, -1)), "0", *(f"+{digits}" for digits in range(31))]

_AFFECTED = frozenset({"affected", "dependency_source"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """The features of one version of an event. `dates` and `figures` are those of the record."""

    parties: frozenset[str]
    affected: frozenset[str]
    jurisdictions: frozenset[str]
    topics: frozenset[str]
    tags: frozenset[str]
    publishers: frozenset[str]
    currencies: frozenset[str]
    labels: frozenset[str]
    main: Bounds | None
    dates: Sequence[Record]
    figures: Sequence[Record]
    created_at: datetime
    updated_at: datetime


def features_of(record: Record) -> Features:
    """Return the features of a record as stored, parsed from JSON."""
    participants, main = record["participants"], main_date(record["dates"])
    return Features(
        parties=parties_of(participants),
        affected=jurisdictions_of(one for one in participants if one["role"] in _AFFECTED),
        jurisdictions=jurisdictions_of(participants),
        topics=frozenset(topic["id"] for topic in record["topics"]),
        tags=frozenset(record["tags"]),
        publishers=frozenset(source["publisher"] for source in record["sources"] if source["publisher"]),
        currencies=frozenset(figure["currency"] for figure in record["figures"] if figure["currency"]),
        labels=frozenset(_labels(record, main)),
        main=main,
        dates=record["dates"],
        figures=record["figures"],
        created_at=datetime.fromisoformat(record["created_at"]),
        updated_at=datetime.fromisoformat(record["updated_at"]),
    )


def jurisdictions_of(participants: Iterable[Record]) -> frozenset[str]:
    """Return the jurisdictions of participants, with the countries that they count for."""
    codes = {one["jurisdiction"] for one in participants if one["jurisdiction"]}
    return frozenset(wider for code in codes for wider in enclosing_jurisdictions(code))


def parties_of(participants: Iterable[Record]) -> frozenset[str]:
    """Return the jurisdictions of the parties."""
    return jurisdictions_of(one for one in participants if one["role"] == "party")


def label(prefix: str, value: str) -> str:
    """Return the index term of a value."""
    return f"{prefix}:{value}"


def _labels(record: Record, main: Bounds | None) -> Iterator[str]:
    yield label("type", record["event_type"])
    yield label("verification", record["verification"])
    if record["status"]:
        yield label("status", record["status"])
    yield from (label("instrument", instrument) for instrument in record["instruments"])
    if record["lang"]:
        yield from (label("lang", wider) for wider in _ranges(record["lang"].lower()))
    yield from (label("source", source_digest(source["url"])) for source in record["sources"] if source["url"])
    for external in record["external_ids"]:
        yield label("id", f"{external['scheme']}:{external['value']}")
        yield label("id", f"{external['scheme']}:*")
    yield from (label("to", relation["event"]) for relation in record["relations"] if relation["event"])
    yield from _labels_of_main(main)
    yield from (one for entry in record["dates"] for one in _labels_of_date(entry))
    yield from (one for figure in record["figures"] for one in _labels_of_figure(figure))


def _labels_of_main(main: Bounds | None) -> Iterator[str]:
    if main is None or main.earliest is None:
        yield label(MONTH, "none")
        return
    begins = _month(main.earliest)
    yield label(MONTH, begins)
    if main.latest is None or _month(main.latest) > begins:
        yield label(BEYOND, begins)


def _month(day: date) -> str:
    return day.isoformat()[:7]


def _labels_of_date(entry: Record) -> Iterator[str]:
    """Return its kind, and the kind with each possible year; with `*` for an open date or one of too many years."""
    yield label(DATE_KIND, entry["kind"])
    first, last = (entry[end] and int(entry[end][:4]) for end in ("earliest", "latest"))
    if first and last and last - first < MOST_YEARS:
        yield from (label(DATE_KIND, f"{entry['kind']}:{year:04}") for year in range(first, last + 1))
    else:
        yield label(DATE_KIND, f"{entry['kind']}:*")


def _labels_of_figure(figure: Record) -> Iterator[str]:
    yield label(MEASURE, figure["measure"])
    if figure["unit"]:
        yield label(UNIT, figure["unit"])
    counted_in = figure["currency"] or figure["unit"]
    for digits in _magnitudes(figure["value"], figure.get("value_max")):
        yield label(VALUE, digits)
        if counted_in:
            yield label(VALUE, f"{digits}:{counted_in}")


def _magnitudes(least: str, most: str | None) -> Sequence[str]:
    """Return the magnitudes of all values of a range, which often is one value."""
    first = magnitude(least)
    last = magnitude(most) if most else first
    return (first,) if last == first else MAGNITUDES[MAGNITUDES.index(first) : MAGNITUDES.index(last) + 1]


def magnitude(value: str) -> str:
    """Return the number of digits before the point of a decimal, with its sign; `0` for zero."""
    digits = value.lstrip("-").partition(".")[0].lstrip("0")
    if not digits and not value.strip("-0."):
        return "0"
    return f"{'-' if value.startswith('-') else '+'}{len(digits)}"


def _ranges(tag: str) -> Iterator[str]:
    """Return the language ranges that match the tag (RFC 4647, basic filtering): itself and its prefixes."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


# The main date

#: The kinds of dates by which an event is remembered, in order.
_FOREMOST = ("launched", "signed", "adopted", "agreed", "announced", "published", "in_force", "proposed", "reported")
_RANK = {kind: rank for rank, kind in enumerate(_FOREMOST)}

#: Sorts behind every day, as text does.
_LAST = date.max.isoformat()

Dates = Iterable[Mapping[str, Any]]


def foremost_date(dates: Dates) -> Mapping[str, Any] | None:
    """Return the date that represents the event: actual before expected, then by kind, then the earliest."""
    return min(dates, key=_standing, default=None)


def main_date(dates: Dates) -> Bounds | None:
    """Return the bounds of the foremost date."""
    foremost = foremost_date(dates)
    return bounds(foremost["edtf"]) if foremost else None


def announced_date(dates: Dates) -> Bounds | None:
    """Return the bounds of the earliest actual date of kind `announced`, or else of kind `reported`."""
    actual = [entry for entry in dates if entry["modality"] == "actual"]
    for kind in ("announced", "reported"):
        candidates = [bounds(entry["edtf"]) for entry in actual if entry["kind"] == kind]
        if candidates:
            return min(candidates, key=lambda entry: entry.earliest or date.max)
    return None


def _standing(entry: Mapping[str, Any]) -> tuple[bool, int, str]:
    # A completed record has the bounds beside the date. To parse the date again takes ten times as long.
    earliest = entry["earliest"] if "earliest" in entry else _text(bounds(entry["edtf"]).earliest)
    return entry["modality"] != "actual", _RANK.get(entry["kind"], len(_RANK)), earliest or _LAST


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
