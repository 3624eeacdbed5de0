"""The columns of exported tables, and the formats of an export."""

from collections.abc import Sequence

from service.exports.columns import COLUMNS, Column
from service.exports.table_columns import AGENDA, FIGURES
from service.http.content_negotiation import FORMATS, Format
from tools.reference.markdown import table


def event_columns() -> str:
    """Return the table of the columns of an event. `yes` marks those that an import reads."""
    rows = [(f"`{column.name}`", column.kind.value, column.sentence, "yes" * column.is_read) for column in COLUMNS]
    return table(("Column", "Type", "Content", "Imported"), rows)


def figure_columns() -> str:
    """Return the table of the columns of a figure."""
    return _table(FIGURES)


def agenda_columns() -> str:
    """Return the table of the columns of the agenda."""
    return _table(AGENDA)


def formats() -> str:
    """Return the table of the formats in which events can be had."""
    rows = [(f"`{one.name}`", f"`.{one.suffix}`", _code(one.media_types), _content(one)) for one in FORMATS]
    return table(("`format`", "Suffix", "`Accept`", "Content"), rows)


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _content(format_: Format) -> str:
    if format_.is_whole:
        return "every match"
    return "a feed of the newest matches" if format_.is_feed else "one page of matches"


def _table(columns: Sequence[Column]) -> str:
    rows = [(f"`{column.name}`", column.kind.value, column.sentence) for column in columns]
    return table(("Column", "Type", "Content"), rows)
