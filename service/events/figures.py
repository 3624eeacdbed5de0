"""Figures as flat rows, with the facts to read them by, and their sums where values add up."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

from schemas.edtf import HALVES, MONTHS, QUARTERS, SEASONS, THIRDS, bounds
from service.search.filter import All, FigureFilter, Filter, Is
from service.search.filters.evaluate import figure_matches
from service.search.index.features import foremost_date
from service.store.events.figures import FigureGroup

Record = Mapping[str, Any]

#: Measures whose values do not add up: two rates make no rate.
_NEVER_SUMMED = frozenset({"price", "market_share", "rate", "target_share", "duration"})
#: The most digits of a sum: a value has up to 48, and there are fewer than 10^12 values.
_DIGITS = 60

#: Units whose values do not add up either.
_SHARES = frozenset({"%", "‰", "percent", "per cent", "percentage points"})

_NO_SOURCE: Record = dict.fromkeys(("title", "publisher", "url", "published"))

_PART = re.compile(r"[0-9]{4}-([0-9]{2})[?~%]?\Z")
_PARTS = [("month", MONTHS), ("season", SEASONS), ("quarter", QUARTERS), ("third", THIRDS), ("half", HALVES)]


def figure_filter_of(filter: Filter) -> FigureFilter | None:
    """Return the conditions of a query on figures, None without any."""
    parts = filter.parts if isinstance(filter, All) else (filter,)
    return next((part.values[0] for part in parts if isinstance(part, Is) and part.name == "figure"), None)


def flat_figures(record: Record, condition: FigureFilter | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each matching figure of an event as a flat row, with its index among all figures."""
    for place, figure in enumerate(record["figures"]):
        if condition is None or figure_matches(figure, condition):
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
        "value_max": figure.get("value_max"),
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
    """Return the first source that supports the fact, and its quote."""
    citation = next((one for one in record["citations"] if one["fact"] == fact and one["stance"] == "supports"), None)
    if citation is None:
        return _NO_SOURCE, None
    source = next(one for one in record["sources"] if one["id"] == citation["source"])
    return source, citation["quote"] and citation["quote"]["exact"]


def period_type(period: str | None) -> str | None:
    """Return the type of the period of an EDTF date: values of a year and of a month do not add up."""
    if period is None:
        return None
    if "/" in period:
        return "interval"
    if "X" in period:
        return "range"
    if part := _PART.match(period):
        return next(name for name, codes in _PARTS if part[1] in codes)
    return "year" if len(period.rstrip("?~%")) == len("2024") else "day"


def sums_of(groups: Iterable[FigureGroup]) -> list[dict[str, Any]]:
    """Return the sums by measure, currency or unit, type of value and type of period, those of most figures first.

    The sum is None where the values do not add up, or neither currency nor unit is known.
    """
    members: dict[tuple[str | None, ...], list[FigureGroup]] = {}
    for one in groups:
        key = (one.measure, one.currency, one.unit, one.value_type, period_type(one.period))
        members.setdefault(key, []).append(one)
    sums = [_sum(key, several) for key, several in members.items()]
    return sorted(sums, key=lambda one: (-one["count"], *(one[name] or "" for name in _KEY)))


_KEY = ("measure", "currency", "unit", "value_type", "period_type")


def _sum(key: tuple[str | None, ...], members: list[FigureGroup]) -> dict[str, Any]:
    measure, currency, unit, *_ = key
    is_amount = measure not in _NEVER_SUMMED and (currency or (unit and unit.lower() not in _SHARES))
    adds_up = is_amount and _have_one_length(key[-1], [one.period for one in members])
    with localcontext(prec=_DIGITS):
        total = sum((one.sum for one in members), Decimal(0))
        total_max = sum((one.sum_max for one in members), Decimal(0))
    return dict(zip(_KEY, key, strict=True)) | {
        "count": sum(one.count for one in members),
        "inexact": sum(one.inexact for one in members),
        "sum": _format(total) if adds_up else None,
        "sum_max": _format(total_max) if adds_up else None,
        "least": _format(min(one.least for one in members)),
        "greatest": _format(max(one.greatest for one in members)),
    }


def _have_one_length(kind: str | None, periods: Iterable[str | None]) -> bool:
    """Return True if all periods of a type are equally long. All years are; intervals can differ, or be open."""
    distinct = {period for period in periods if period}
    if kind not in ("interval", "range") or len(distinct) == 1:
        return True
    lengths = set(map(_length, distinct))
    return len(lengths) == 1 and None not in lengths


def _length(period: str) -> tuple[int, int] | None:
    """Return the months and days of a period, None if it is open."""
    earliest, latest = bounds(period).earliest, bounds(period).latest
    if earliest is None or latest is None or latest == date.max:
        return None
    behind = latest + timedelta(1)
    return (behind.year - earliest.year) * 12 + behind.month - earliest.month, behind.day - earliest.day


def _format(number: Decimal) -> str:
    """Return the number as in records: without exponent, and without zeros behind the point."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
