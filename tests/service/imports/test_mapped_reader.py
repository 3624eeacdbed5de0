"""A tracker that is imported again: only its new and changed rows are mapped."""

import csv
import re
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from service.mappings import RecordMapper, UnmappedRows
from tests.commands import command
from tests.imports import event, import_report, ndjson, row
from tests.mappings import MAPPINGS, tracker
from tests.trackers import CPD, FILES

MAPPING = """
[event]
title = "{title}"
event_type = "legislation"
[[event.external_ids]]
scheme = "tracker"
value = "{id}"
[[event.participants]]
name = "Japan"
role = "party"
[[event.sources]]
type = "data_set"
"""

ROWS = ("1,One", "2,Two", "3,Three")


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first lines of the rows that are mapped, in this process."""
    lines: list[int] = []
    original = RecordMapper.map

    def spy(self: RecordMapper, group: Any) -> Any:
        if not isinstance(group, UnmappedRows):
            lines.append(group[0].line)
        return original(self, group)

    monkeypatch.setattr(RecordMapper, "map", spy)
    return lines


@pytest.fixture
def run(database: str, tmp_path: Path, mapped: list[int]) -> Callable[..., tuple[list[int], str]]:
    """A function that imports rows, and returns the lines of those that were mapped, and the counts."""

    def run_import(*options: str, rows: Sequence[str] = ROWS, mapping: str = MAPPING) -> tuple[list[int], str]:
        mapped.clear()
        (tmp_path / "laws.toml").write_text(mapping)
        (tmp_path / "laws.csv").write_text("\n".join(["id,title", *rows, ""]))
        result = command(database, "import", "--mapping", tmp_path / "laws.toml", tmp_path / "laws.csv", *options)
        return sorted(mapped), counts_in(result.stdout)

    return run_import


def counts_in(output: str) -> str:
    """Return the counts that are not zero."""
    return " ".join(
        one for one in re.findall(r"[0-9,]+ (?:created|updated|unchanged|refused)", output) if one[0] != "0"
    )


Run = Callable[..., tuple[list[int], str]]


@pytest.mark.parametrize("options", [(), ("--mode", "atomic"), ("--dry-run",), ("--jobs", "2"), ("--keep-edits",)])
def test_an_unchanged_file_is_not_mapped_again(run: Run, options: Sequence[str]) -> None:
    assert run() == ([2, 3, 4], "3 created")
    assert run(*options) == ([], "3 unchanged")
    assert run(*options, rows=[*ROWS, "4,Four"]) == ([5], "1 created 3 unchanged")


def test_only_changed_rows_are_mapped(run: Run, client: FlaskClient) -> None:
    run()
    changed = ("1,One", "2,Second", "3,Three")
    assert run(rows=changed) == ([3], "1 updated 2 unchanged")
    assert run(rows=changed) == ([], "3 unchanged")
    assert run() == ([3], "1 updated 2 unchanged")
    assert event(client, 2)["title"] == "Two"


def test_rows_of_another_mapping_are_mapped_once(run: Run) -> None:
    run()
    same = MAPPING.replace('"legislation"', "'legislation'  # by parliament")
    assert run(mapping=same) == ([], "3 unchanged")
    other = f'name = "Laws"\n{MAPPING}'
    assert run(mapping=other) == ([2, 3, 4], "3 unchanged")
    assert run(mapping=other) == ([], "3 unchanged")


def test_a_row_whose_event_was_edited_is_mapped_unless_edits_are_kept(run: Run, client: FlaskClient) -> None:
    run()
    stored = event(client, 2)
    patch = {"title": "Edited"}
    answer = client.patch(f"/v1/events/{stored['id']}", json=patch, headers={"If-Match": f'"{stored["version"]}"'})
    assert answer.status_code in (200, 204), answer.text
    assert run("--keep-edits") == ([], "3 unchanged")
    assert event(client, 2)["title"] == "Edited"
    assert run() == ([3], "1 updated 2 unchanged")
    assert event(client, 2)["title"] == "Two"


@pytest.mark.parametrize("options", [(), ("--keep-edits",)])
def test_a_row_whose_event_was_imported_from_another_file_is_mapped(
    run: Run, client: FlaskClient, options: Sequence[str]
) -> None:
    run()
    import_report(client, ndjson(row(3, title="Of another file")))
    assert run(*options) == ([4], "1 updated 2 unchanged")


def test_a_row_whose_event_was_deleted_is_mapped_and_refused(run: Run, client: FlaskClient, database: str) -> None:
    run()
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE event SET record_state = 'deleted' WHERE id = %s", (event(client, 1)["id"],))
    assert run()[0] == [2]


def test_a_row_with_the_external_id_of_a_known_row_is_refused(run: Run) -> None:
    run()
    assert run(rows=[*ROWS, "2,Another"]) == ([5], "3 unchanged 1 refused")


def test_a_real_tracker_is_mapped_once(database: str, mapped: list[int], tmp_path: Path) -> None:
    with tracker(FILES[CPD]).open(encoding="utf-8-sig", newline="") as file, (tmp_path / "part.csv").open("w") as part:
        csv.writer(part).writerows(islice(csv.reader(file), 200))
    words = ("import", "--mapping", MAPPINGS / f"{CPD}.toml", tmp_path / "part.csv")
    first = command(database, *words)
    assert len(mapped) > 100
    mapped.clear()
    second = command(database, *words)
    assert (mapped, counts_in(second.stdout)) == ([], counts_in(first.stdout).replace("created", "unchanged"))
