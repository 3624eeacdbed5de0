"""Tables in a README, each between the marks of its name."""

import re
from collections.abc import Sequence
from pathlib import Path


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under their headings, in columns of equal width."""
    lines = [headings, [""] * len(headings), *rows]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(headings))]
    lines[1] = ["-" * width for width in widths]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )


def put(readme: Path, part: str, text: str) -> None:
    """Put `text` between the marks of `part`. ValueError where there are none."""
    marks = rf"(<!-- {part}, written by [\w -]+ -->).*?(<!-- end of {part} -->)"
    new, places = re.subn(
        marks, lambda match: f"{match[1]}\n\n{text}\n\n{match[2]}", readme.read_text(), flags=re.DOTALL
    )
    if places != 1:
        raise ValueError(f"{readme} has no place for {part}.")
    readme.write_text(new)
