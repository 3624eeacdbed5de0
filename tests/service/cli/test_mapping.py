"""`policytrail mapping check`: what a mapping makes of a file, before anything is imported."""

import gzip
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from service.cli.main import main
from service.cli.mapping_report import MappingReport
from service.mappings import map_table, open_table
from service.mappings.preview import FieldPreview, Preview
from tests.mappings import MAPPINGS, a_mapping, tracker
from tests.trackers import FILES

LAWS = """
name = "Laws of somewhere"
credit = "A research group"
licence = "CC BY"
file.ignore = "code"
[event]
title = "{title}"
event_type = "legislation"
[[event.participants]]
name = "{country}"
role = "party"
[[event.dates]]
kind = "adopted"
edtf = { column = "day", date = "yyyy" }
modality = "actual"
[[event.sources]]
type = "data_set"
title = "Laws"
"""
CSV = """title,country,day,code,colour
[bold]Act,Japan,2020,1,red
Act,Japan,soon,2,red
,Japan,2021,3,red
Act,,later,4,red
"""


def check(folder: Path, mapping: str, csv: str | bytes, *options: str) -> Result:
    (folder / "laws.toml").write_text(mapping)
    (folder / "laws.csv").write_bytes(csv.encode() if isinstance(csv, str) else csv)
    return CliRunner().invoke(main, ["mapping", "check", str(folder / "laws.toml"), str(folder / "laws.csv"), *options])


def test_the_first_rows_are_shown_field_by_field(tmp_path: Path) -> None:
    result = check(tmp_path, LAWS, CSV, "--rows", "2")
    assert result.exit_code == 0
    assert (
        result.output
        == """\
mapping	Laws of somewhere
credit	A research group
licence	CC BY
columns used	3 of 5
ignored	code
not used	colour

line 2: a record
title	[bold]Act	title
event_type	legislation
participants[0]	name: Japan · role: party	country
dates[0]	kind: adopted · edtf: 2020 · modality: actual	day
sources[0]	type: data_set · title: Laws

line 3: refused
event.dates[1].edtf	"soon" is not a date written as yyyy.	day

In the rows shown; --all counts the whole file
rows	2
records	1
rows refused	1

Refused
1	day	is not a date written as yyyy.	"soon"	3
"""
    )


def test_the_errors_of_the_whole_file_are_counted_by_kind(tmp_path: Path) -> None:
    result = check(tmp_path, LAWS, CSV, "--rows", "0", "--all")
    assert result.exit_code == 0
    assert (
        result.output.partition("In the whole file")[2]
        == """
rows	4
records	1
rows refused	3

Refused
2	day	is not a date written as yyyy.	"soon", "later"	3, 5
1	title	is empty, but required.		4
"""
    )


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    result = check(tmp_path, LAWS, gzip.compress(CSV.encode()), "--rows", "1")
    assert (result.exit_code, "line 2: a record" in result.output) == (0, True)


def test_damaged_gzip_is_reported(tmp_path: Path) -> None:
    for damaged in (b"\x1f\x8b\x08 no gzip", gzip.compress(CSV.encode())[:-10]):
        result = check(tmp_path, LAWS, damaged, "--all")
        assert (result.exit_code, "Error: The gzip is " in result.output) == (1, True), result.output


def test_a_record_that_the_service_would_refuse_is_reported(tmp_path: Path) -> None:
    twice = LAWS + '[[event.relations]]\ntype = "cites"\nnote = "{title}"\n'
    result = check(tmp_path, twice, CSV, "--rows", "1")
    assert result.exit_code == 1
    assert (
        "line 2: the service would refuse it\n#/relations/0/event\tA relation has either an event or a uri.\n"
        in result.output
    )
    assert (
        "\nThe service would refuse\n1\t\t#/relations/*/event: A relation has either an event or a uri.\t\t2\n"
        in result.output
    )


def test_a_mapping_that_makes_no_record_fails(tmp_path: Path) -> None:
    assert check(tmp_path, LAWS, "title,country,day,code,colour\n,,,,\n", "--all").exit_code == 1


@pytest.mark.parametrize(
    ("mapping", "csv", "message"),
    [
        (LAWS.replace("title =", "titel ="), CSV, "laws.toml cannot be used:\nevent.titel: is not a known key"),
        (
            LAWS,
            "Title,country\n",
            "The mapping does not match the columns of the file: Title, country\nevent.title: the file has no column",
        ),
        (LAWS, "", "The file has no readable header."),
    ],
)
def test_all_faults_of_a_mapping_are_reported_at_once(tmp_path: Path, mapping: str, csv: str, message: str) -> None:
    result = check(tmp_path, mapping, csv)
    assert result.exit_code == 1
    assert f"Error: {message}" in result.output


def test_a_terminal_shows_tables_and_no_markup_of_the_files_text() -> None:
    shown = io.StringIO()
    report = MappingReport(Console(file=shown, force_terminal=True, color_system=None, width=100))
    mapping = a_mapping('event.title = "{title}"')
    table = open_table(mapping, ["title\n", "[bold]Act[/bold]\n", "\n", '"x"\n'])
    report.print_head(mapping, table.header)
    preview = Preview()
    for result in map_table(mapping, table):
        preview.add(result)
        report.print_result(result, [FieldPreview("#/title", "Wrong.", ("title",))])
    report.print_counts(preview, whole=True)
    assert "[bold]Act[/bold]" in shown.getvalue()
    assert "line 4: a record" in shown.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_the_mappings_of_the_trackers_are_valid(name: str) -> None:
    files = [str(MAPPINGS / f"{name}.toml"), str(tracker(FILES[name]))]
    result = CliRunner().invoke(main, ["mapping", "check", *files, "--rows", "2"])
    assert result.exit_code == 0, result.output
    assert "not used\tnone\n" in result.output
