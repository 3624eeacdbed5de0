"""CSV (RFC 4180) that spreadsheets do not evaluate as formulas: writing flat rows, and reading their cells back."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: Delimiters of tables, the likeliest first.
DELIMITERS: Sequence[str] = (",", ";", "\t", "|")

#: The line above the header that names the delimiter for Excel, with empty cells behind it or not.
_DELIMITER_LINE = re.compile(r"""["']?sep=(?P<delimiter>\\t|[^\w\s"]|\t)["']?[\s,;|"]*""", re.IGNORECASE)

#: A row of empty cells, whatever delimiter they have.
_EMPTY_ROW = re.compile(r"""[\s,;|"]*""")

#: Separates the members of a list in one cell. Within a member a semicolon and a backslash are escaped by a backslash.
SEPARATOR = "; "

#: Maximum characters of a cell to read: 500 participants with names of 300 characters have 163,000.
LONGEST_CELL = 262_144
csv.field_size_limit(LONGEST_CELL)

#: Marks the file as UTF-8 for Excel.
BOM = b"\xef\xbb\xbf"

#: The beginnings of formulas, in full width too, and the shield before them. An apostrophe of the text itself is
#: shielded as well, so that removing one shield always restores the text.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_SHIELD = "'"
_RISKY = frozenset("'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # a text without a first character is not among them

#: A negative number is not a formula.
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?\Z")

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ENDS = re.compile(r"\\.|(;)", re.DOTALL)


def csv_lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return the rows as CSV lines. None is an empty cell; a list is one cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def csv_file(names: Sequence[str], batches: Iterable[Iterable[Iterable[Any]]], *, bom: bool = False) -> Iterator[bytes]:
    """Yield a header line, then the rows of each batch. Without a `bom` Excel assumes another encoding than UTF-8."""
    yield (BOM if bom else b"") + csv_lines([names])
    for rows in batches:
        yield csv_lines(rows)


def named_delimiter(line: str) -> str | None:
    """Return the delimiter that a line such as `sep=;` names; None for every other line."""
    match = _DELIMITER_LINE.fullmatch(line)
    return match["delimiter"].replace(r"\t", "\t") if match else None


def is_empty_row(line: str) -> bool:
    """Return True if a line has nothing but delimiters, quotes and blanks."""
    return _EMPTY_ROW.fullmatch(line) is not None


def shield(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would evaluate it as a formula."""
    if text[:1] in _RISKY and _FORMULA.match(text) and not _NUMBER.match(text):
        return _SHIELD + text
    return text


def unshield(text: str) -> str:
    """Return the text without the apostrophe of `shield`."""
    return text[1:] if text.startswith(_SHIELD) and _FORMULA.match(text) else text


def join_members(members: Sequence[str]) -> str:
    """Return the members of a list as one text."""
    text = SEPARATOR.join(members)
    if "\\" in text or text.count(";") >= len(members):
        return SEPARATOR.join([one.replace("\\", r"\\").replace(";", r"\;") for one in members])
    return text


def split_members(text: str) -> list[str]:
    """Return the members of a text from `join_members`, without white space around them; empty members stay."""
    if not text.strip():
        return []
    ends = [match.start() for match in _ENDS.finditer(text) if match[1]]
    parts = [text[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)]
    return [_ESCAPED.sub(r"\1", part.strip()) for part in parts]


def _cell(value: Any) -> Any:
    """Return `value` as the csv module writes it: a list joined, a text shielded, anything else as it is."""
    if type(value) is list:
        value = join_members(value)
    return shield(value) if type(value) is str and value[:1] in _RISKY else value
