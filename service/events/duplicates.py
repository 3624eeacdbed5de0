"""By what one tells that an event may be recorded already."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from service.errors import Duplicate
from service.events.write import title_key
from service.search.index.features import BEYOND, MONTH, label, main_date, parties_of, url_key
from service.store.events.duplicates import Clues

#: Days that a date leaves open at most to be compared with others: a year. A span of more years overlaps with too much.
_WIDEST = 366


def clues_of(content: Mapping[str, Any]) -> Clues:
    """The clues in `content`, as NewEventSchema loaded it."""
    main = main_date(content["dates"])
    earliest = main.earliest if main else None
    latest = _latest(earliest, main.latest) if main and earliest else None
    return Clues(
        url_keys=sorted({url_key(source["url"]) for source in content["sources"] if source["url"]}),
        title_key=title_key(content["title"]),
        parties=sorted(parties_of(content["participants"])),
        earliest=earliest,
        latest=latest,
        labels=_labels(earliest, latest) if earliest and latest else [],
    )


def refuse(likely: Iterable[UUID]) -> None:
    """Pass what is likely no event that is there already."""
    ids = list(likely)
    if ids:
        raise Duplicate("The event is likely recorded already; nothing was stored.", ids)


def _latest(earliest: date, latest: date | None) -> date:
    """The end of what is compared; an open end counts as its beginning."""
    return min(latest or earliest, date.fromordinal(min(earliest.toordinal() + _WIDEST, date.max.toordinal())))


def _labels(earliest: date, latest: date) -> list[str]:
    """Of what begins in these months, and of what begins earlier in the year and may last longer than its month."""
    first, last = (day.year * 12 + day.month - 1 for day in (earliest, latest))
    within = [label(MONTH, f"{month // 12:04}-{month % 12 + 1:02}") for month in range(first, last + 1)]
    return within + [label(BEYOND, f"{earliest.year:04}-{month:02}") for month in range(1, earliest.month)]
