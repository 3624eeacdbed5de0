"""`make bench-search`: the quality of answers, the times of searches and their growth, the cost for writers."""

import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks import databases
from benchmarks.databases import create_database, make_key, migrate_and_seed
from benchmarks.markdown import put
from benchmarks.report import setting
from benchmarks.search import relevance, report, speed, walk, writes
from benchmarks.search.cases import measure as cases
from benchmarks.search.cases import report as cases_report
from benchmarks.search.cases.trackers import FILES, tracker_database
from benchmarks.search.databases import copied_database, generated_database
from benchmarks.search.languages import isolation
from benchmarks.search.languages import report as languages_report
from service.db.embedded_postgres import Server


@dataclass(frozen=True)
class Sizes:
    """Events that are searched, that are there before writes, and that are walked through; and sizes of the parts."""

    searched: tuple[int, ...]
    before_writes: int
    walked: int
    page: int
    speed: speed.Sizes
    writes: writes.Sizes
    languages: isolation.Sizes


#: Enough to run everything once.
SMALL = Sizes(
    searched=(150,),
    before_writes=150,
    walked=150,
    page=20,
    speed=speed.Sizes(requests=2, warm_up=0.0, page_requests=2, page_warm_up=0.0, pages=3),
    writes=writes.Sizes(rounds=1, warm_up=0, creates=2),
    languages=isolation.Sizes(events=12, requests=2, warm_up=0.0),
)


def full(events: int) -> Sizes:
    """Return the sizes of the published tables, with `events` searched at most."""
    return Sizes(
        searched=(*(size for size in (10_000, 100_000, 1_000_000) if size < events), events),
        before_writes=100_000,
        walked=50_000,
        page=50,
        speed=speed.Sizes(requests=200, warm_up=15.0, page_requests=50, page_warm_up=0.2, pages=1_000),
        writes=writes.Sizes(rounds=5, warm_up=50, creates=300),
        languages=isolation.Sizes(events=1_000, requests=200, warm_up=2.0),
    )


@dataclass
class Parts:
    """The parts of the benchmark on one server. Each returns its tables, or None where it is skipped."""

    on: Server
    sizes: Sizes
    cranfield: Path | None
    trackers: Path | None
    _speeds: dict[int, speed.Speed] = field(default_factory=dict)

    def compare_ranking(self) -> str | None:
        """Compare the ranking with that of bm25s."""
        if self.cranfield is None or not (self.cranfield / "corpus.jsonl").exists():
            print(
                f"Skipped: {self.cranfield or 'no folder'} has no Cranfield collection. Name a folder that has"
                " corpus.jsonl, queries.jsonl and qrels.tsv by --cranfield or BENCH_CRANFIELD."
            )
            return None
        return report.relevance(relevance.compare(self.on, relevance.read(self.cranfield)))

    def answer_queries(self) -> str | None:
        """Search the trackers for queries with wanted answers, and for all titles."""
        url = self._trackers()
        return cases_report.answers(cases.run(url)) if url else None

    def keep_languages_apart(self) -> str:
        """Add events of ten languages to the trackers; AssertionError where a query finds others than before."""
        template = "trackers" if self._trackers() else "template1"
        url = create_database(self.on, "languages", template=template)
        if template == "template1":
            migrate_and_seed(url)
        measured = isolation.run(url, self.sizes.languages)
        if changed := [one for one in measured.additions if one.changed]:
            raise AssertionError(changed)
        return languages_report.languages(measured)

    def measure_growth(self) -> str:
        """Measure searches among ever more events."""
        return report.growth([self._speed(events) for events in self.sizes.searched])

    def measure_speed(self) -> str:
        """Measure searches among the most events."""
        return report.speed(self._speed(self.sizes.searched[-1]))

    def compare_writes(self) -> str:
        """Compare creates with full-text search and without."""
        url = copied_database(self.on, self.sizes.before_writes, "writes")
        return report.writes(writes.run(url, make_key(url), self.sizes.writes))

    def walk_pages(self) -> str:
        """Walk by cursor while another client writes; a walk with faults raises AssertionError."""
        url = copied_database(self.on, self.sizes.walked, "walk")
        walks = walk.run(url, make_key(url), limit=self.sizes.page)
        if any(one.twice or one.missing for one in walks.values()):
            raise AssertionError(walks)
        return report.walks(walks)

    def _trackers(self) -> str | None:
        """Return the URL of a database with the trackers, or None where there is no file of them."""
        if self.trackers and any((self.trackers / file).exists() for file in FILES.values()):
            return tracker_database(self.on, self.trackers)
        print(f"{self.trackers or 'No folder'} has no trackers. Name their folder by --trackers or BENCH_TRACKERS.")
        return None

    def _speed(self, events: int) -> speed.Speed:
        """Return the times of so many events, which two parts need and one measurement gives."""
        if events not in self._speeds:
            self._speeds[events] = speed.run(generated_database(self.on, events), events, self.sizes.speed)
        return self._speeds[events]


PARTS: dict[str, Callable[[Parts], str | None]] = {
    "relevance": Parts.compare_ranking,
    "queries": Parts.answer_queries,
    "languages": Parts.keep_languages_apart,
    "growth": Parts.measure_growth,
    "speed": Parts.measure_speed,
    "writes": Parts.compare_writes,
    "walk": Parts.walk_pages,
}


@click.command(context_settings={"auto_envvar_prefix": "BENCH", "show_default": True})
@click.option("--only", type=click.Choice(list(PARTS)), multiple=True, help="Only this part; may be repeated.")
@click.option("--events", default=1_000_000, type=click.IntRange(min=10_000), help="Events that are searched at most.")
@click.option(
    "--cranfield",
    type=click.Path(path_type=Path),
    help="Folder with corpus.jsonl, queries.jsonl and qrels.tsv of the Cranfield collection.",
)
@click.option(
    "--trackers",
    type=click.Path(path_type=Path),
    help=f"Folder with {', '.join(FILES.values())}.",
)
@click.option(
    "--data",
    default=Path(".policytrail/search"),
    type=click.Path(path_type=Path),
    help="Folder of the generated databases, kept for the next run; a million events take 6 GB.",
)
@click.option("--small", is_flag=True, help="Run everything once in seconds; keep and write nothing.")
@click.option("--write/--no-write", default=True, help="Whether to put the tables into benchmarks/search/README.md.")
def main(
    only: tuple[str, ...],
    events: int,
    cranfield: Path | None,
    trackers: Path | None,
    data: Path,
    *,
    small: bool,
    write: bool,
) -> None:
    """Measure searches. Each option may be set as BENCH_…."""
    # SIGTERM unwinds, so that servers stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with (
        tempfile.TemporaryDirectory(prefix="policytrail-search-") as name,
        databases.server(Path(name) / "postgres" if small else data) as on,
    ):
        parts = Parts(on, SMALL if small else full(events), cranfield, trackers)
        for part, measure in PARTS.items():
            if only and part not in only:
                continue
            print(f"\n{part}", flush=True)
            if tables := measure(parts):
                text = f"{setting(on.dsn(), 'one client', {'request at a time': 1})}\n\n{tables}"
                print(f"\n{text}", flush=True)
                if write and not small:
                    put(report.README, part, text)


if __name__ == "__main__":
    main()
