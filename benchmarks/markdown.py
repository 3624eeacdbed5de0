"""What was measured, in a README: tables, each in the place that its name marks."""

import re
from collections.abc import Sequence
from pathlib import Path


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their headings, in columns of equal width."""
    lines = [headings, [""] * len(headings), *rows]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(headings))]
    lines[1] = ["-" * width for width in widths]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )


def put(readme: Path, part: str, text: str) -> None:
    """Put `text` between the marks of `part`, instead of what was measured before. ValueError where there are none."""
    marked = rf"(<!-- {part}, written by [\w -]+ -->).*?(<!-- end of {part} -->)"
    told, places = re.subn(
        marked, lambda found: f"{found[1]}\n\n{text}\n\n{found[2]}", readme.read_text(), flags=re.DOTALL
    )
    if places != 1:
        raise ValueError(f"{readme} has no place for {part}.")
    readme.write_text(told)
