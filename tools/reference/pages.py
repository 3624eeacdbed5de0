"""The pages with generated blocks, and the renderer of each block."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tools.reference import columns, commands, configuration, errors, filters, operations
from tools.reference.markdown import block_names

ROOT = Path(__file__).resolve().parents[2]

RENDERERS: Mapping[str, Callable[[], str]] = {
    "settings": configuration.settings,
    "filters": filters.filters,
    "problems": errors.problems,
    "commands": commands.commands,
    "operations": operations.operations,
    "event-columns": columns.event_columns,
    "figure-columns": columns.figure_columns,
    "agenda-columns": columns.agenda_columns,
    "formats": columns.formats,
}


def pages() -> list[Path]:
    """Return the paths of the pages that hold a generated block."""
    return [page for page in sorted((ROOT / "docs").rglob("*.md")) if block_names(page.read_text())]
