"""`policytrail synonyms`: a check of a file of synonyms."""

from pathlib import Path

from click.testing import CliRunner, Result

from service.cli.main import main


def check(folder: Path, text: str) -> Result:
    """Run the command on a file with the text."""
    (folder / "synonyms.txt").write_text(text)
    return CliRunner().invoke(main, ["synonyms", str(folder / "synonyms.txt")])


def test_the_terms_of_a_file_are_counted(tmp_path: Path) -> None:
    result = check(tmp_path, "EV, electric vehicle\nGAP =>\n")
    assert (result.exit_code, result.output) == (
        0,
        "2 terms have synonyms, and 1 have none whatever the events say.\n",
    )


def test_wrong_lines_are_named(tmp_path: Path) -> None:
    result = check(tmp_path, "EV\nEV, electric vehicle\n=> car\n")
    assert result.exit_code == 1
    assert [line.removeprefix("Error: ") for line in result.output.splitlines()] == [
        "The file of synonyms is wrong.",
        "Line 1: Write two terms or more, with commas between them, or `=>`.",
        "Line 3: A term is missing beside a comma or `=>`.",
    ]
