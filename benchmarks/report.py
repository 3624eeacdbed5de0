"""The figures as a table, on the terminal and in README.md."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psycopg

from benchmarks import markdown
from benchmarks.load import Job

README = Path(__file__).parent / "README.md"

HEADINGS = (
    "",
    "service, req/s",
    "peer, req/s",
    "ratio: min · median · max",
    "wanted",
    "pgbench, tx/s",
    "service / pgbench",
    "empty route, req/s",
    "service / empty",
)


@dataclass(frozen=True)
class Figures:
    """Rates of one job, round by round."""

    job: Job
    service: Sequence[float]
    peer: Sequence[float]
    pgbench: Sequence[float]
    empty: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """Ratios of the service to the peer of the same round, in order of size."""
        return sorted(ours / theirs for ours, theirs in zip(self.service, self.peer, strict=True))


def table(figures: Sequence[Figures]) -> str:
    """Return the figures in Markdown; rates are medians of the rounds."""
    return markdown.table(HEADINGS, [_row(row) for row in figures])


def setting(url: str, tool: str, sizes: Mapping[str, int]) -> str:
    """Return a sentence or two on the date, the machine and the sizes of a measurement."""
    with psycopg.connect(url) as conn:
        postgres = conn.info.parameter_status("server_version")
    amounts = ", ".join(f"{amount:,} {name}" for name, amount in sizes.items())
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine()}; PostgreSQL {postgres}, "
        f"Python {platform.python_version()}, load by {tool} on the same cores. {amounts[0].upper()}{amounts[1:]}."
    )


def write(text: str) -> None:
    """Put `text` into README.md in place of the former table."""
    markdown.put(README, "figures", text)


def _row(figures: Figures) -> list[str]:
    ratios = figures.ratios
    service, pgbench, empty = median(figures.service), median(figures.pgbench), median(figures.empty)
    return [
        figures.job.name,
        f"{service:,.0f}",
        f"{median(figures.peer):,.0f}",
        f"{ratios[0]:.2f} · {median(ratios):.2f} · {ratios[-1]:.2f}",
        f"≥ {figures.job.wanted:g}",
        f"{pgbench:,.0f}",
        f"{service / pgbench:.0%}",
        f"{empty:,.0f}",
        f"{service / empty:.0%}",
    ]


def machine() -> str:
    """Return the number and kind of cores and the memory; nothing that identifies the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores ({_cpu()}) with {memory:.0f} GB"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
