"""Every benchmark runs to its end, and finds that the answers agree before it measures."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.__main__ import main as bench
from benchmarks.bulk.__main__ import main as bench_bulk
from benchmarks.feed.__main__ import main as bench_feed
from benchmarks.search.__main__ import main as bench_search
from benchmarks.search.cases.queries import read_kinds
from benchmarks.search.languages.corpus import read_languages
from benchmarks.webhooks.__main__ import main as bench_webhooks
from tests.benchmarks.conftest import SmallRun


def _table(output: str, heading: str) -> list[list[str]]:
    """Return the cells of the rows of the first table whose first column has this heading."""
    [table, *_] = re.findall(rf"^\| {re.escape(heading)} +\|.*(?:\n\|.*)+", output, re.MULTILINE)
    lines = table.splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_bench_measures_service_peer_and_limits(small_run: SmallRun) -> None:
    output = small_run(bench)
    rows = _table(output, "")
    assert [row[0] for row in rows] == ["GET one", "list of 50", "create"]
    assert all(len(row) == 9 and all(row) for row in rows)


#: A law, and a row without a country, which its mapping refuses.
LAWS = """\
Title,Type,Geography,Geography ISO,Frameworks,Responses,Instruments,Document Types,Natural Hazards,Keywords,Sectors,\
Events,Documents,Parent Legislation,Description
Energy Strategy,executive,Afghanistan,AFG,,,,Strategy,,Energy Supply,Energy,25/12/2008|Law passed,,,A strategy.
Another,executive,Nowhere,,,,,Strategy,,Energy Supply,Energy,25/12/2008|Law passed,,,A strategy.
"""


@pytest.fixture
def trackers(tmp_path: Path) -> Path:
    """A folder with one of the trackers."""
    (tmp_path / "climate-laws").mkdir()
    (tmp_path / "climate-laws" / "laws-and-policies.csv").write_text(LAWS)
    return tmp_path


def test_bench_bulk_imports_and_exports_every_event(small_run: SmallRun, trackers: Path) -> None:
    output = small_run(bench_bulk, "--trackers", str(trackers))
    assert len(_table(output, "")) == 16
    [[tracker, _, rows, imported, refused, events, reasons]] = _table(output, "tracker")
    assert (tracker, rows, imported, refused, events) == ("climate-laws", "2", "1", "1", "1")
    assert reasons


def test_bench_feed_receives_every_entry_that_matches(small_run: SmallRun) -> None:
    output = small_run(bench_feed)
    received = {row[0]: row[2] for row in _table(output, "")}
    assert received == {
        "sequencing": "260",
        "with documents": "260",
        "without documents": "260",
        "with a filter": "1",
        "with a filter that nothing matches": "0",
    }
    assert [row[:2] for row in _table(output, "subscriptions")] == [["0", "0"], ["5", "2"]]


def test_bench_search_finds_what_bm25s_finds(small_run: SmallRun, tmp_path: Path, trackers: Path) -> None:
    titles = ["Wind over wings", "Heat in a plate", *(f"Flow past cone {number}" for number in range(8))]
    lines = [json.dumps({"_id": str(id_), "title": title, "text": "."}) for id_, title in enumerate(titles)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "1", "text": "heat plate"}))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\t1\t3")
    output = small_run(bench_search, "--cranfield", str(tmp_path), "--trackers", str(trackers))
    assert _table(output, "nDCG@10")[0][1:3] == ["1.0000", "1.0000"]
    assert len(_table(output, "kind")) == len(read_kinds()) + 1
    assert _table(output, "titles of") == [["climate-laws", "1", "1", "100.0%", "1", "100.0%"]]
    assert [row[-1] for row in _table(output, "events added in")] == ["0"] * len(read_languages())
    assert len(_table(output, "milliseconds")) == 9
    assert len(_table(output, "create, ms")) == 2
    assert [row[-2:] for row in _table(output, "walk")] == [["0", "0"], ["0", "0"]]


def test_bench_webhooks_delivers_everything_that_is_due(small_run: SmallRun) -> None:
    output = small_run(bench_webhooks)
    tables = output[output.index("|  ") :].split("\n\n")
    assert [row[0] for row in _table(tables[0], "")] == ["plain", "TLS"]
    [[name, _, arrived, _, _]] = _table(tables[1], "")
    assert (name, int(arrived)) == ("all at once", 20)
