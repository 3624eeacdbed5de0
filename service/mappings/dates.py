"""Dates as trackers write them, as EDTF. A format says what is there: `dd/mm/yyyy` gives days, `yyyy` gives years.

What else stands in a format must stand in the date: `25/12/yyyy` fits that one day, and gives the year alone.
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

#: What a format is made of. Within a word of other letters these mean themselves.
_PATTERNS = {
    "yyyy": r"(?P<year>[0-9]{4})",
    "month": f"(?P<long>{'|'.join(_LONG)})",
    "mon": f"(?P<short>{'|'.join(sorted(_SHORT, key=len, reverse=True))})",
    "mm": r"(?P<mm>[0-9]{2})",
    "dd": r"(?P<dd>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "q": r"(?P<q>[1-4])",
}
_TOKEN = "|".join(_PATTERNS)
_PIECES = re.compile(rf"(?P<tokens>(?:{_TOKEN})+)(?![a-z])|(?P<word>[a-z]+)|(?P<star>\*)|(?P<other>[^a-z*]+)")
#: EDTF's codes for the quarters of a year begin behind this.
_QUARTERS = 32

Reader = Callable[[str], str | None]


def reader_of(form: str, qualifier: str = "") -> Reader:
    """The function that reads a date written as `form` and gives its EDTF, or None where it is written otherwise.

    `qualifier`: `~` or `?`, set behind what it gives. ValueError where the form has no year, or says something twice.
    """
    if form == "edtf":
        return lambda text: text if _is_edtf(text) else None
    try:
        pattern = re.compile("".join(map(_pattern, _PIECES.finditer(form))), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f'"{form}" says a part of the date twice.') from error
    if "year" not in pattern.groupindex:
        raise ValueError(f'"{form}" has no year; dates are written with yyyy, mm or m or month or mon, dd or d, and q.')
    if pattern.groupindex.keys() & {"d", "dd"} and not pattern.groupindex.keys() & {"m", "mm", "long", "short"}:
        raise ValueError(f'"{form}" has a day and no month.')

    def read(text: str) -> str | None:
        found = pattern.fullmatch(text)
        if found is None:
            return None
        edtf = _edtf(found.groupdict()) + qualifier
        return edtf if _is_edtf(edtf) else None

    return read


def _pattern(piece: re.Match[str]) -> str:
    if piece["tokens"]:
        return re.sub(_TOKEN, lambda token: _PATTERNS[token[0]], piece["tokens"])
    return ".*" if piece["star"] else re.escape(piece[0])


def _edtf(said: dict[str, str | None]) -> str:
    """The EDTF of the parts of a date."""
    month = said.get("mm") or said.get("m") or _month_named(said)
    day = said.get("dd") or said.get("d")
    if quarter := said.get("q"):
        month = str(_QUARTERS + int(quarter))
    return "-".join([str(said["year"]), *(f"{int(part):02}" for part in (month, day) if part)])


def _month_named(said: dict[str, str | None]) -> str | None:
    if name := said.get("long"):
        return str(_LONG[name.lower()])
    if name := said.get("short"):
        return str(_SHORT[name.lower()])
    return None


def _is_edtf(text: str) -> bool:
    try:
        bounds(text)
    except EdtfError:
        return False
    return True
