"""The example of docs/mappings.md gives the record that it shows, and the reference explains every key."""

import json
import re

import pytest

from schemas.events import NewEventSchema
from service.mappings import MappedRecord, map_file, parse_mapping
from service.mappings.context import ROWS
from service.mappings.loader import FILE_KEYS, GROUP_KEYS, SECTIONS
from service.mappings.parts import PART_KEYS
from service.mappings.transforms import CONVERSIONS, NUMBER_FORMATS
from service.mappings.values import TESTS, VALUE_KEYS
from tests.house.pages import DOCS, block_of

PAGE, REFERENCE = DOCS / "mappings.md", DOCS / "reference" / "mapping-file.md"


def test_the_example_gives_the_record_that_is_shown() -> None:
    mapping = parse_mapping(block_of(PAGE, "toml"))
    first, second, third = map_file(mapping, block_of(PAGE, "csv").splitlines(keepends=True))
    assert isinstance(first, MappedRecord)
    assert isinstance(second, MappedRecord)
    assert not isinstance(third, MappedRecord)
    assert first.record == json.loads(block_of(PAGE, "json"))
    assert NewEventSchema().validate(first.record) == NewEventSchema().validate(second.record) == {}


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
def test_every_key_is_explained(key: str) -> None:
    assert re.search(rf'`\[*"?{re.escape(key)}[\w.]*"?\]*`', REFERENCE.read_text())
