"""docs/mappings.md is true: its example gives the record that it shows, and no key is left untold."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.events import NewEventSchema
from service.cli.main import main
from service.mappings import MappedRecord, map_file, parse_mapping
from service.mappings.context import ROWS
from service.mappings.loader import FILE_KEYS, GROUP_KEYS, SECTIONS
from service.mappings.parts import PART_KEYS
from service.mappings.transforms import CONVERSIONS, NUMBER_FORMATS
from service.mappings.values import TESTS, VALUE_KEYS

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "mappings.md").read_text()


def example(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    return str(found)


def test_the_example_gives_the_record_that_is_shown() -> None:
    mapping = parse_mapping(example("toml"))
    first, second, third = map_file(mapping, example("csv").splitlines(keepends=True))
    assert isinstance(first, MappedRecord)
    assert isinstance(second, MappedRecord)
    assert not isinstance(third, MappedRecord)
    assert first.record == json.loads(example("json"))
    assert NewEventSchema().validate(first.record) == NewEventSchema().validate(second.record) == {}


def test_the_refusal_is_told_as_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "subsidies.toml").write_text(example("toml"))
    (tmp_path / "subsidies.csv").write_text(example("csv"))
    checked = CliRunner().invoke(main, ["mapping", "check", *map(str, sorted(tmp_path.iterdir(), reverse=True))])
    assert checked.exit_code == 0
    [shown] = re.findall(r"^    (line 4: refused)\n    (.*)$", DOCS, re.MULTILINE)
    assert "\n".join(shown) in checked.output


@pytest.mark.parametrize(
    "key",
    sorted(
        {
            *SECTIONS,
            *VALUE_KEYS,
            *PART_KEYS,
            *FILE_KEYS,
            *GROUP_KEYS,
            *TESTS,
            *CONVERSIONS,
            *NUMBER_FORMATS,
            *ROWS,
            "by",
        }
    ),
)
def test_every_key_is_told(key: str) -> None:
    assert re.search(rf'`\[*"?{re.escape(key)}[\w.]*"?\]*`', DOCS)


def test_the_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", DOCS):
        assert (Path(__file__).resolve().parents[2] / "docs" / link).exists()
