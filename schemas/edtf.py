"""The first and the last possible day of an EDTF date (ISO 8601-2:2019).

Supported are levels 0 and 1, and of level 2 the quarters (33 to 36), thirds (37 to 39) and halves (40, 41) of a year.
Years run from 0001 to 9999, so that every bound is a `datetime.date`.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

#: Characters. The longest supported date has 25; a much longer text is a sentence in the wrong field.
MAX_LENGTH = 64

#: The unknown end and the open end of an interval.
ENDLESS = frozenset({"", ".."})

#: The first and the last month of each code in the place of the month.
MONTHS = {f"{month:02}": (month, month) for month in range(1, 13)}
SEASONS = {
    "21": (3, 5),
    "22": (6, 8),
    "23": (9, 11),
    # Winter of the north crosses the year's end. It stands for the December of its own year alone, as in the `edtf`
    # package: 2024-24 then sorts after 2024-23 and stays within 2024.
    "24": (12, 12),
}
QUARTERS = {"33": (1, 3), "34": (4, 6), "35": (7, 9), "36": (10, 12)}
THIRDS = {"37": (1, 4), "38": (5, 8), "39": (9, 12)}
HALVES = {"40": (1, 6), "41": (7, 12)}
PARTS_OF_YEAR = MONTHS | SEASONS | QUARTERS | THIRDS | HALVES

# Both are matched whole and repeat nothing without limit; [0-9] is spelt out because \d takes every script's digits.
DATE = re.compile(
    r"""
    (?: (?P<years> [0-9]{2} [0-9X] X )
      | (?P<year> [0-9]{4} )
        (?: -XX (?: -XX )?
          | - (?P<part> [0-9]{2} ) (?: - (?P<day> [0-9]{2} | XX ) )?
        )?
    )
    [?~%]?
    """,
    re.VERBOSE,
)
DATE_TIME = re.compile(
    r"""
    (?P<date> [0-9]{4}-[0-9]{2}-[0-9]{2} )
    T (?: (?: [01][0-9] | 2[0-3] ) :[0-5][0-9]:[0-5][0-9] | 24:00:00 )
    (?: Z | (?! -00 (?: :00 )? \Z ) [+-] (?: (?: 0[0-9] | 1[0-3] ) (?: :[0-5][0-9] )? | 14:00 ) )?
    """,
    re.VERBOSE,
)

#: Explanations of unreadable dates: the first pattern that matches applies.
HINTS = (
    (
        re.compile(r"\A(?:[+-][0-9]|Y[0-9-])"),
        "has a year outside 0001 to 9999, which this service does not support; write four digits, for example 2024",
    ),
    (
        re.compile(r"[0-9]T"),
        "is not a date-time, which is written for example 2024-04-01T09:00:00Z, and not within an interval",
    ),
    (
        re.compile(r"[\[{]"),
        "is a set of dates, which this service does not support; write an interval, for example 2024-04/2024-06",
    ),
    (
        re.compile(r"\A[0-9-]*X[0-9X-]*[?~%]?\Z"),
        "has an X in the wrong place; write it for example as in 201X, 20XX, 2024-XX, 2024-04-XX or 2024-XX-XX",
    ),
)
UNREADABLE = "is not an EDTF date; write for example 2024, 2024-04, 2024-04-01, 2024-33 or 2024-04/2024-06"


class EdtfError(ValueError):
    """The text is not an EDTF date that this service supports.

    The message is a sentence for the client: the fault, and a correct example.
    """


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first and the last possible day of a date, both included. None: open or unknown on that side."""

    earliest: date | None
    latest: date | None


@lru_cache(maxsize=10_000)  # a date is parsed when it is checked, normalized and indexed; trackers share days
def bounds(text: str) -> Bounds:
    """Return the strict bounds of an EDTF date; at least one of them is a day.

    A qualifier (`?`, `~`, `%`) does not move them. A date-time means the day in its own zone. EdtfError for any other
    text.
    """
    if len(text) > MAX_LENGTH:
        raise EdtfError(f"A date has at most {MAX_LENGTH} characters; write for example 2024-04-01.")
    match text.split("/"):
        case parts if ENDLESS.issuperset(parts):
            raise EdtfError(f"{text!r} names no date; leave an unknown date out, or name one end, for example 2024/..")
        case [single]:
            return Bounds(*_days_of_single(single))
        case [start, end]:
            return _bounds_of_interval(start, end)
    raise EdtfError(f"{text!r} has more than one slash; an interval has two ends, for example 2024-04/2024-06.")


def _bounds_of_interval(start: str, end: str) -> Bounds:
    """Return the bounds from the start's first day to the end's last."""
    earliest = None if start in ENDLESS else _days(start)[0]
    latest = None if end in ENDLESS else _days(end)[1]
    if earliest and latest and earliest > latest:
        raise EdtfError(f"'{start}/{end}' ends before it begins; write the earlier date first, for example 2023/2024.")
    return Bounds(earliest, latest)


def _days_of_single(text: str) -> tuple[date, date]:
    """Return the first and the last day of a date that is not an interval; only such a date may have a time."""
    date_time = DATE_TIME.fullmatch(text)
    return _days(date_time["date"] if date_time else text)


def _days(text: str) -> tuple[date, date]:
    """Return the first and the last day of a date without a time."""
    match = DATE.fullmatch(text)
    if match is None:
        raise EdtfError(f"{text!r} {_hint(text)}.")
    first_year, last_year = _years(text, match["years"] or match["year"])
    first_month, last_month = _months(text, match["part"], match["day"])
    first_day, last_day = _month_days(text, last_year, last_month, match["day"])
    return date(first_year, first_month, first_day), date(last_year, last_month, last_day)


def _years(text: str, year: str) -> tuple[int, int]:
    """Return the first and the last year: `201X` is 2010 to 2019."""
    first, last = int(year.replace("X", "0")), int(year.replace("X", "9"))
    if first == 0:
        raise EdtfError(f"{text!r} has the year 0000, which this service does not support; the first is 0001.")
    return first, last


def _months(text: str, part: str | None, day: str | None) -> tuple[int, int]:
    """Return the first and the last month of a part of the year, or of the whole year without a part."""
    if part is None:
        return 1, 12
    if part not in PARTS_OF_YEAR:
        raise EdtfError(
            f"{text!r} has {part} for a month; months are 01 to 12, seasons 21 to 24, quarters 33 to 36,"
            " thirds 37 to 39 and halves 40 and 41, for example 2024-04 or 2024-33."
        )
    if day and part not in MONTHS:
        raise EdtfError(f"{text!r} has a day in a season or quarter; a day follows a month, for example 2024-04-01.")
    return PARTS_OF_YEAR[part]


def _month_days(text: str, year: int, month: int, day: str | None) -> tuple[int, int]:
    """Return the day twice, or the first and the last day of the month without a day."""
    last = monthrange(year, month)[1]
    if day is None or day == "XX":
        return 1, last
    if not 1 <= int(day) <= last:
        raise EdtfError(f"{text!r} is not in the calendar; that month ends on {year:04}-{month:02}-{last}.")
    return int(day), int(day)


def _hint(text: str) -> str:
    """Return the explanation of an unreadable date, as the rest of a sentence."""
    return next((hint for pattern, hint in HINTS if pattern.search(text)), UNREADABLE)
