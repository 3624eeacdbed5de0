"""Markdown: tables, and the marked blocks of a page."""

import re
from collections.abc import Callable, Mapping, Sequence

_BLOCK = re.compile(r"(?P<start><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end of \2 -->)", re.DOTALL)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of `rows` under their `headings`."""
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fill(page: str, renderers: Mapping[str, Callable[[], str]]) -> str:
    """Return the text of `page` with each marked block rendered anew."""
    return _BLOCK.sub(lambda block: f"{block['start']}\n{renderers[block['name']]()}\n\n{block['end']}", page)


def block_names(page: str) -> list[str]:
    """Return the names of the marked blocks of `page`, in order."""
    return [block["name"] for block in _BLOCK.finditer(page)]
