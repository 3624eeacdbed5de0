"""CSV (RFC 4180) that spreadsheets cannot mistake for formulas, out of flat rows and back."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: Joins the members of a list in one cell. Within a member it is escaped by a backslash, as the backslash is.
SEPARATOR = "; "

#: Characters of a cell that is read at most: 500 participants with names of 300 characters have 163,000.
LONGEST_CELL = 262_144
csv.field_size_limit(LONGEST_CELL)

#: Tells Excel that UTF-8 follows.
BOM = b"\xef\xbb\xbf"

#: What spreadsheets take for the beginning of a formula, full width too, and what shields it. A shield of the text's
#: own is shielded as well, so that taking one away always gives the text back.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_SHIELD = "'"
_RISKY = frozenset("'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # a text without a first character is not among them

#: A number below zero is no formula.
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?\Z")

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ENDS = re.compile(r"\\.|(;)", re.DOTALL)


def csv_lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """The rows as lines. None is an empty cell; a list is one cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def csv_file(names: Sequence[str], batches: Iterable[Iterable[Iterable[Any]]], *, bom: bool = False) -> Iterator[bytes]:
    """A header line, then the rows of each batch; `bom` for Excel, which else takes UTF-8 for another encoding."""
    yield (BOM if bom else b"") + csv_lines([names])
    for rows in batches:
        yield csv_lines(rows)


def shield(text: str) -> str:
    """The text as a spreadsheet may have it: what it would take for a formula begins with an apostrophe."""
    if text[:1] in _RISKY and _FORMULA.match(text) and not _NUMBER.match(text):
        return _SHIELD + text
    return text


def unshield(text: str) -> str:
    """The text that `shield` was given."""
    return text[1:] if text.startswith(_SHIELD) and _FORMULA.match(text) else text


def join(members: Sequence[str]) -> str:
    """The members of a list as one text."""
    text = SEPARATOR.join(members)
    if "\\" in text or text.count(";") >= len(members):
        return SEPARATOR.join([one.replace("\\", r"\\").replace(";", r"\;") for one in members])
    return text


def split(text: str) -> list[str]:
    """The members that `join` joined, without white space around them; what is empty between separators stays."""
    if not text.strip():
        return []
    ends = [found.start() for found in _ENDS.finditer(text) if found[1]]
    parts = [text[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)]
    return [_ESCAPED.sub(r"\1", part.strip()) for part in parts]


def _cell(value: Any) -> Any:
    """What the csv module is to write for `value`; None and numbers it knows."""
    if type(value) is list:
        value = join(value)
    return shield(value) if type(value) is str and value[:1] in _RISKY else value
