"""The additions of languages and the times of queries as tables."""

from benchmarks.markdown import table
from benchmarks.search.languages.isolation import Languages


def languages(measured: Languages) -> str:
    """Return the numbers of queries that find others after each addition, and the times of kinds of queries."""
    rows = [[one.language, f"{one.events:,}", str(one.queries), str(len(one.changed))] for one in measured.additions]
    times = [[name, f"{one.p50:,.1f}", f"{one.p95:,.1f}", f"{one.most:,.1f}"] for name, one in measured.times.items()]
    return "\n\n".join(
        (
            table(["events added in", "events", "queries", "that find others among the rest"], rows),
            table(["queries, ms", "p50", "p95", "largest"], times),
        )
    )
