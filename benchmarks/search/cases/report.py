"""The figures of queries and titles as tables, and the queries without the wanted answer as lines."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.markdown import table
from benchmarks.search.cases.answers import Result
from benchmarks.search.cases.measure import Answers
from benchmarks.search.cases.queries import BEFORE
from benchmarks.search.cases.titles import TitleRecall


def answers(measured: Answers) -> str:
    """Return the tables of queries and of titles, if titles were searched."""
    return "\n\n".join([kinds(measured.kinds), *([titles(measured.titles)] if measured.titles else [])])


def faults(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line for each query without the wanted answer."""
    for result in results:
        for q, fault in result.faults.items():
            yield f"{result.kind.name}: {q[:100]} → {fault}"


def kinds(results: Sequence[Result]) -> str:
    """Return the number of queries that hold, by kind, beside that of before."""
    rows = [_row(one.kind.about, *_numbers(one)) for one in results]
    sums = [sum(column) for column in zip(*(_numbers(one) for one in results), strict=True)]
    return table(["kind", "queries", f"held at {BEFORE}", "held", "", "floor"], [*rows, _row("all", *sums)])


def titles(measured: Mapping[str, TitleRecall]) -> str:
    """Return the number of titles that come first and among the first ten, by tracker."""
    rows = [
        [
            name,
            f"{one.titles:,}",
            f"{one.first:,}",
            f"{one.first / one.titles:.1%}",
            f"{one.in_ten:,}",
            f"{one.in_ten / one.titles:.1%}",
        ]
        for name, one in measured.items()
    ]
    return table(["titles of", "titles", "first", "", "in ten", ""], rows)


def _numbers(result: Result) -> tuple[int, int, int, int]:
    return len(result.kind.queries), result.kind.before, result.held, result.kind.floor


def _row(name: str, queries: int, before: int, held: int, floor: int) -> list[str]:
    return [name, str(queries), str(before), str(held), f"{held / queries:.0%}", str(floor)]
