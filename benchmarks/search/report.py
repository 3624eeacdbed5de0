"""The figures of each part as tables in README.md, and a chart beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.markdown import table
from benchmarks.search.chart import draw
from benchmarks.search.client import Times
from benchmarks.search.relevance import Relevance
from benchmarks.search.speed import KINDS, Speed
from benchmarks.search.walk import Walk
from benchmarks.search.writes import Slowdown

README = Path(__file__).parent / "README.md"
CHART = Path(__file__).parent / "growth.svg"

#: The least nDCG@10 of the Cranfield collection, and its least ratio to that of bm25s less one.
LEAST_NDCG, LEAST_MORE = 0.385, 0.04

#: The largest ratio of writes with full-text search to writes without that is wanted.
MOST_SLOWDOWN = 1.25


def relevance(measured: Relevance) -> str:
    """Return both scores and their ratio, and whether they are as wanted."""
    more = measured.service / measured.bm25s - 1
    is_held = measured.service >= LEAST_NDCG and more >= LEAST_MORE
    wanted = f"≥ {LEAST_NDCG}, {LEAST_MORE:+.0%}: {'held' if is_held else 'missed'}"
    rows = [["Cranfield", f"{measured.service:.4f}", f"{measured.bm25s:.4f}", f"{more:+.1%}", wanted]]
    note = f"{measured.documents:,} documents, {measured.queries} queries."
    return f"{note}\n\n{table(['nDCG@10', 'service', 'bm25s', 'service beside it', 'wanted'], rows)}"


def speed(measured: Speed) -> str:
    """Return the times of each kind with the wanted ones, and the tables of pages, hostile searches and sizes."""
    kinds = [
        [kind.name, *_times(measured.kinds[kind.name]), f"{kind.wanted[0]} / {kind.wanted[1]}" if kind.wanted else ""]
        for kind in KINDS
    ]
    parts = [
        f"{measured.events:,} events.",
        table(["milliseconds", "p50", "p95", "largest", "wanted p50 / p95"], kinds),
    ]
    rows = [[name, *_times(first)[:2], *_times(deep)[:2]] for name, (first, deep) in measured.pages.items()]
    parts.append(table(["pages of 20, ms", "first, p50", "p95", "deep, p50", "p95"], rows))
    rows = [[name, f"{seconds * 1000:,.0f}"] for name, seconds in measured.hostile.items()]
    parts.append(table(["hostile searches, the first time", "ms"], rows))
    rows = [[name, f"{size / 2**20:,.0f}"] for name, size in sorted(measured.sizes.items())]
    parts.append(table(["size", "MB"], rows))
    return "\n\n".join(parts)


def growth(measured: Sequence[Speed]) -> str:
    """Return the times of each kind by the number of events, and draw the chart if there are several."""
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
    """Return the times of creates with full-text search and without."""
    rows = [
        [
            name,
            f"{median(one.with_words):.2f}",
            f"{median(one.without):.2f}",
            " · ".join(f"{ratio:.2f}" for ratio in (one.ratios[0], median(one.ratios), one.ratios[-1])),
            f"≤ {MOST_SLOWDOWN}",
        ]
        for name, one in measured.items()
    ]
    return table(["create, ms", "with words", "without", "ratio: min · median · max", "wanted"], rows)


def walks(measured: Mapping[str, Walk]) -> str:
    """Return each walk with its faults."""
    rows = [
        [name, f"{one.events:,}", f"{one.pages:,}", f"{one.seconds:.1f}"]
        + [f"{number:,}" for number in (one.created, one.changed, one.deleted, one.twice, one.missing)]
        for name, one in measured.items()
    ]
    heading = ["walk", "events", "pages", "seconds", "created", "changed", "deleted", "twice", "missing"]
    return table(heading, rows)


def _times(times: Times) -> list[str]:
    return [f"{times.p50:,.1f}", f"{times.p95:,.1f}", f"{times.most:,.1f}"]
