"""What was measured, as tables in README.md and a chart beside it; each part by itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.markdown import put, table
from benchmarks.search.chart import draw
from benchmarks.search.client import Times
from benchmarks.search.relevance import Relevance
from benchmarks.search.speed import KINDS, PAGES, Speed
from benchmarks.search.walk import Walk
from benchmarks.search.writes import Slowdown

README = Path(__file__).parent / "README.md"
CHART = Path(__file__).parent / "growth.svg"

#: The share of the time of a write that finding words may cost.
MOST_SLOWDOWN = 1.25


def write(part: str, told: str) -> None:
    """Put `told` in README.md, in the place of what was measured of that part before."""
    put(README, part, told)


def relevance(measured: Relevance) -> str:
    """Both and how they compare."""
    more = measured.service / measured.bm25s - 1
    rows = [["Cranfield", f"{measured.service:.4f}", f"{measured.bm25s:.4f}", f"{more:+.1%}"]]
    note = f"{measured.documents:,} documents, {measured.queries} queries."
    return f"{note}\n\n{table(['nDCG@10', 'service', 'bm25s', 'service beside it'], rows)}"


def speed(measured: Speed) -> str:
    """Every kind, what it should take, and further tables."""
    kinds = [
        [kind.name, *_times(measured.kinds[kind.name]), f"{kind.wanted[0]} / {kind.wanted[1]}" if kind.wanted else ""]
        for kind in KINDS
    ]
    parts = [
        f"{measured.events:,} events.",
        table(["milliseconds", "p50", "p95", "largest", "wanted p50 / p95"], kinds),
    ]
    if measured.pages:
        rows = [[name, *_times(first)[:2], *_times(far)[:2]] for name, (first, far) in measured.pages.items()]
        parts.append(table(["pages of 20, ms", "first, p50", "p95", f"page {PAGES:,}, p50", "p95"], rows))
    if measured.hostile:
        rows = [[name, f"{seconds * 1000:,.0f}"] for name, seconds in measured.hostile.items()]
        parts.append(table(["hostile searches, the first time", "ms"], rows))
    sizes = [[name, f"{size / 2**20:,.0f}"] for name, size in sorted(measured.sizes.items())]
    parts.append(table(["size", "MB"], sizes))
    return "\n\n".join(parts)


def growth(measured: Sequence[Speed]) -> str:
    """Every kind at each number of events; the chart is drawn as well."""
    measured = sorted(measured, key=lambda one: one.events)
    lines = {kind.name: [(one.events, one.kinds[kind.name].p50) for one in measured] for kind in KINDS}
    if len(measured) > 1:
        CHART.write_text(draw("Milliseconds of a search, p50", "events", "milliseconds", lines))
    rows = [
        [kind.name, *(f"{one.kinds[kind.name].p50:,.1f} / {one.kinds[kind.name].p95:,.1f}" for one in measured)]
        for kind in KINDS
    ]
    heading = ["p50 / p95, milliseconds", *(f"{one.events:,} events" for one in measured)]
    return f"![Growth]({CHART.name})\n\n{table(heading, rows)}"


def writes(measured: Mapping[str, Slowdown]) -> str:
    """Each kind of row with and without words."""
    rows = [
        [
            name,
            f"{median(one.searched):.2f}",
            f"{median(one.unsearched):.2f}",
            " · ".join(f"{ratio:.2f}" for ratio in (one.ratios[0], median(one.ratios), one.ratios[-1])),
            f"≤ {MOST_SLOWDOWN}",
        ]
        for name, one in measured.items()
    ]
    return table(["create, ms", "with words", "without", "ratio: min · median · max", "wanted"], rows)


def walks(measured: Mapping[str, Walk]) -> str:
    """Each walk and what went wrong in it."""
    rows = [
        [name, f"{one.seen:,}", f"{one.pages:,}", f"{one.seconds:.1f}"]
        + [f"{number:,}" for number in (one.created, one.changed, one.deleted, one.twice, one.missing)]
        for name, one in measured.items()
    ]
    heading = ["walk", "events", "pages", "seconds", "created", "changed", "deleted", "twice", "missing"]
    return table(heading, rows)


def _times(times: Times) -> list[str]:
    return [f"{times.p50:,.1f}", f"{times.p95:,.1f}", f"{times.most:,.1f}"]
