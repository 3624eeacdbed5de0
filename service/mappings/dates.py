"""Dates of trackers as EDTF, by formats: `dd/mm/yyyy` gives a day, `yyyy` gives a year, `yy` one of 1969 to 2068.

Other characters of a format must be in the date as well: `25/12/yyyy` matches that one day and gives its year.
"""

import re
from collections.abc import Callable

from schemas.edtf import EdtfError, bounds

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_SHORT = {month[:3]: number for number, month in enumerate(_MONTHS, 1)} | {"sept": 9}
_LONG = {month: number for number, month in enumerate(_MONTHS, 1)}

#: Tokens of a format. Inside a word with other letters they are literal.
_PATTERNS = {
    "yyyy": r"(?P<year>[0-9]{4})",
    "yy": r"(?P<yy>[0-9]{2})",
    "month": f"(?P<long>{'|'.join(_LONG)})",
    "mon": f"(?P<short>{'|'.join(sorted(_SHORT, key=len, reverse=True))})",
    "mm": r"(?P<mm>[0-9]{2})",
    "dd": r"(?P<dd>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "q": r"(?P<q>[1-4])",
}
_TOKEN = "|".join(_PATTERNS)
_FORMAT_PARTS = re.compile(rf"(?P<tokens>(?:{_TOKEN})+)(?![a-z])|(?P<word>[a-z]+)|(?P<star>\*)|(?P<other>[^a-z*]+)")
#: Two digits from which a year is one of the 1900s.
_FIRST_OF_1900S = 69

#: EDTF's code of the first quarter is this plus one.
_QUARTERS = 32

DateReader = Callable[[str], str | None]


def date_reader(format: str, qualifier: str = "") -> DateReader:
    """Return a function from a date in this `format` to EDTF, or to None where the date has another format.

    `qualifier`, `~` or `?`, is appended to the date. Raises ValueError without a year or with a repeated part.
    """
    if format == "edtf":
        return lambda text: text if _is_edtf(text) else None
    try:
        pattern = re.compile("".join(map(_pattern, _FORMAT_PARTS.finditer(format))), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f'"{format}" has a part of the date twice.') from error
    years = pattern.groupindex.keys() & {"year", "yy"}
    if len(years) > 1:
        raise ValueError(f'"{format}" has a part of the date twice.')
    if not years:
        raise ValueError(f'"{format}" has no year; use yyyy or yy, mm or m or month or mon, dd or d, and q.')
    if pattern.groupindex.keys() & {"d", "dd"} and not pattern.groupindex.keys() & {"m", "mm", "long", "short"}:
        raise ValueError(f'"{format}" has a day but no month.')

    def read(text: str) -> str | None:
        match = pattern.fullmatch(text)
        if match is None:
            return None
        edtf = _edtf(match.groupdict()) + qualifier
        return edtf if _is_edtf(edtf) else None

    return read


def _pattern(part: re.Match[str]) -> str:
    if part["tokens"]:
        return re.sub(_TOKEN, lambda token: _PATTERNS[token[0]], part["tokens"])
    return ".*" if part["star"] else re.escape(part[0])


def _edtf(parts: dict[str, str | None]) -> str:
    month = parts.get("mm") or parts.get("m") or _month_by_name(parts)
    day = parts.get("dd") or parts.get("d")
    if quarter := parts.get("q"):
        month = str(_QUARTERS + int(quarter))
    year = parts.get("year") or _year_of_two_digits(int(str(parts["yy"])))
    return "-".join([year, *(f"{int(part):02}" for part in (month, day) if part)])


def _year_of_two_digits(year: int) -> str:
    """Return the year that POSIX, and so most programs, take two digits for."""
    return str(year + (1900 if year >= _FIRST_OF_1900S else 2000))


def _month_by_name(parts: dict[str, str | None]) -> str | None:
    if name := parts.get("long"):
        return str(_LONG[name.lower()])
    if name := parts.get("short"):
        return str(_SHORT[name.lower()])
    return None


def _is_edtf(text: str) -> bool:
    try:
        bounds(text)
    except EdtfError:
        return False
    return True
