"""What was measured, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import markdown

HEADINGS = (
    "",
    "events",
    "seconds",
    "events/s",
    "wanted",
    "our CPU, s",
    "PostgreSQL's CPU, s",
    "memory, MB: base · most",
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing measured. What was not looked at is None."""

    name: str
    events: int
    seconds: float
    #: Events in a second, and what they are to be.
    wanted: str = ""
    cpu: float | None = None
    database_cpu: float | None = None
    base: float | None = None
    most: float | None = None

    @property
    def rate(self) -> float:
        """Events in a second."""
        return self.events / self.seconds


def table(figures: Sequence[Figure]) -> str:
    """The figures in markdown."""
    return markdown.table(HEADINGS, [_row(figure) for figure in figures])


def _row(figure: Figure) -> list[str]:
    memory = f"{figure.base:,.0f} · {figure.most:,.0f}" if figure.base and figure.most else ""
    return [
        figure.name,
        f"{figure.events:,}",
        f"{figure.seconds:,.1f}",
        f"{figure.rate:,.0f}",
        figure.wanted,
        f"{figure.cpu:,.1f}" if figure.cpu is not None else "",
        f"{figure.database_cpu:,.1f}" if figure.database_cpu is not None else "",
        memory,
    ]
