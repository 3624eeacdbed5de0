"""Figures each by itself: flat, with what is needed to read it, and summed where that makes sense."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

from schemas.edtf import HALVES, MONTHS, QUARTERS, SEASONS, THIRDS, bounds
from service.search.filter import All, FigureFilter, Filter, Is
from service.search.filters.evaluate import figure_matches
from service.search.index.features import foremost_date
from service.store.events.figures import Amounts

Record = Mapping[str, Any]

#: Measures whose values do not add up: a rate and a rate make no rate.
_NEVER_SUMMED = frozenset({"price", "market_share", "rate", "target_share", "duration"})
#: Digits of a sum at most: a value has 48, and there are not more than 10^12 of them.
_DIGITS = 60

#: Units of which the same is true.
_SHARES = frozenset({"%", "‰", "percent", "per cent", "percentage points"})

_NO_SOURCE: Record = dict.fromkeys(("title", "publisher", "url", "published"))

_PART = re.compile(r"[0-9]{4}-([0-9]{2})[?~%]?\Z")
_PARTS = [("month", MONTHS), ("season", SEASONS), ("quarter", QUARTERS), ("third", THIRDS), ("half", HALVES)]


def asked_of_figures(asked: Filter) -> FigureFilter | None:
    """What a filter of one address asks of a figure."""
    parts = asked.parts if isinstance(asked, All) else (asked,)
    return next((part.values[0] for part in parts if isinstance(part, Is) and part.name == "figure"), None)


def flat_figures(record: Record, asked: FigureFilter | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each figure of an event that is what is `asked`, with its place among them."""
    for place, figure in enumerate(record["figures"]):
        if asked is None or figure_matches(figure, asked):
            yield place, _flat(record, figure)


def _flat(record: Record, figure: Record) -> dict[str, Any]:
    main = foremost_date(record["dates"]) or {}
    subject: Record = next((who for who in record["participants"] if who["id"] == figure["subject"]), {})
    period = bounds(figure["period"]) if figure["period"] else None
    source, quote = _evidence(record, f"figures/{figure['id']}")
    return {
        "event_id": record["id"],
        "event_title": record["title"],
        "event_type": record["event_type"],
        "event_status": record["status"],
        "event_date": main.get("edtf"),
        "event_date_earliest": main.get("earliest"),
        "event_date_latest": main.get("latest"),
        "figure_id": figure["id"],
        "measure": figure["measure"],
        "label": figure["label"],
        "comparator": figure["comparator"],
        "value": figure["value"],
        "currency": figure["currency"],
        "unit": figure["unit"],
        "value_type": figure["value_type"],
        "period": figure["period"],
        "period_earliest": period.earliest.isoformat() if period and period.earliest else None,
        "period_latest": period.latest.isoformat() if period and period.latest else None,
        "subject": figure["subject"],
        "subject_name": subject.get("name"),
        "subject_jurisdiction": subject.get("jurisdiction"),
        "as_reported": figure["as_reported"],
        "source_title": source["title"],
        "source_publisher": source["publisher"],
        "source_url": source["url"],
        "source_published": source["published"],
        "quote": quote,
    }


def _evidence(record: Record, fact: str) -> tuple[Record, str | None]:
    """The first source that supports the fact, and the words of it."""
    citation = next((one for one in record["citations"] if one["fact"] == fact and one["stance"] == "supports"), None)
    if citation is None:
        return _NO_SOURCE, None
    source = next(one for one in record["sources"] if one["id"] == citation["source"])
    return source, citation["quote"] and citation["quote"]["exact"]


def period_type(period: str | None) -> str | None:
    """What sort of period an EDTF date is: values of a year and of a month are not to be added."""
    if period is None:
        return None
    if "/" in period:
        return "interval"
    if "X" in period:
        return "range"
    if part := _PART.match(period):
        return next(name for name, codes in _PARTS if part[1] in codes)
    return "year" if len(period.rstrip("?~%")) == len("2024") else "day"


def summed(amounts: Iterable[Amounts]) -> list[dict[str, Any]]:
    """The sums within one measure, currency or unit, type of value and type of period, those of most figures first.

    No sum is given where the values do not add up, or where it is not known what they count.
    """
    groups: dict[tuple[str | None, ...], list[Amounts]] = {}
    for one in amounts:
        key = (one.measure, one.currency, one.unit, one.value_type, period_type(one.period))
        groups.setdefault(key, []).append(one)
    told = [_sum(key, members) for key, members in groups.items()]
    return sorted(told, key=lambda one: (-one["count"], *(one[name] or "" for name in _KEY)))


_KEY = ("measure", "currency", "unit", "value_type", "period_type")


def _sum(key: tuple[str | None, ...], members: list[Amounts]) -> dict[str, Any]:
    measure, currency, unit, *_ = key
    counts = measure not in _NEVER_SUMMED and (currency or (unit and unit.lower() not in _SHARES))
    adds_up = counts and _are_as_long(key[-1], [one.period for one in members])
    with localcontext(prec=_DIGITS):
        total = sum((one.sum for one in members), Decimal(0))
    return dict(zip(_KEY, key, strict=True)) | {
        "count": sum(one.count for one in members),
        "inexact": sum(one.inexact for one in members),
        "sum": _written(total) if adds_up else None,
        "least": _written(min(one.least for one in members)),
        "greatest": _written(max(one.greatest for one in members)),
    }


def _are_as_long(kind: str | None, periods: Iterable[str | None]) -> bool:
    """Whether all periods of a type are: years are, intervals need not be; of one that is open nobody knows."""
    distinct = {period for period in periods if period}
    if kind not in ("interval", "range") or len(distinct) == 1:
        return True
    lengths = set(map(_length, distinct))
    return len(lengths) == 1 and None not in lengths


def _length(period: str) -> tuple[int, int] | None:
    """Months and days from its first day to the one behind its last."""
    earliest, latest = bounds(period).earliest, bounds(period).latest
    if earliest is None or latest is None or latest == date.max:
        return None
    behind = latest + timedelta(1)
    return (behind.year - earliest.year) * 12 + behind.month - earliest.month, behind.day - earliest.day


def _written(number: Decimal) -> str:
    """The number as a record writes one: without exponent, and without zeros behind the point."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
