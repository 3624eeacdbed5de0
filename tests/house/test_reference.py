"""docs/reference/ is what the code says: generated blocks are current, and lists written by hand are complete."""

import json
import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from schemas.filters import NOT, FilterQuerySchema
from schemas.lists import SearchSchema
from service.config import Settings
from service.http.problems import STATUS
from service.search.filter import EVERYTHING
from service.search.filters.parser import filter_of, filter_of_text
from tests.house.pages import DOCS, block_of
from tools.reference.commands import SEE, leaf_commands
from tools.reference.configuration import GROUPS
from tools.reference.errors import ADVICE
from tools.reference.filters import SHAPES
from tools.reference.markdown import block_names, fill
from tools.reference.operations import COMMANDS, spec
from tools.reference.pages import RENDERERS, pages

FILTERS = DOCS / "reference" / "filters.md"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_a_generated_block_is_current(page: Path) -> None:
    assert page.read_text() == fill(page.read_text(), RENDERERS), "run `make docs`"


def test_every_generated_block_stands_on_one_page() -> None:
    assert Counter(name for page in pages() for name in block_names(page.read_text())) == Counter(list(RENDERERS))


def test_every_setting_stands_in_one_group() -> None:
    assert Counter(name for names in GROUPS.values() for name in names) == Counter(
        setting.name for setting in fields(Settings)
    )


def test_every_problem_has_a_cause_and_a_remedy() -> None:
    assert set(ADVICE) == set(STATUS)
    assert [error for error, advice in ADVICE.items() if not all(text.endswith(".") for text in advice)] == []


def test_every_command_leads_to_the_page_that_shows_it() -> None:
    assert set(SEE) == {name for name, _ in leaf_commands()}


def test_every_tag_with_a_command_is_one_of_the_api() -> None:
    assert set(COMMANDS) <= {tag["name"] for tag in spec()["tags"]}
    assert {name for names in COMMANDS.values() for name in names} <= {name for name, _ in leaf_commands()}


def test_every_filter_has_an_example_that_selects_by_it() -> None:
    assert set(SHAPES) == {name for name in FilterQuerySchema().fields if not name.startswith(NOT)}
    assert [name for name, shape in SHAPES.items() if f"{name}=" not in shape.example] == []
    assert [shape.example for shape in SHAPES.values() if filter_of_text(shape.example) == EVERYTHING] == []


def test_the_filters_without_a_negation_are_listed() -> None:
    names = set(FilterQuerySchema().fields)
    without = [name for name in FilterQuerySchema().fields if not name.startswith(NOT) and NOT + name not in names]
    listed = ", ".join(f"`{name}`" for name in without[:-1]) + f" and `{without[-1]}`"
    assert f"{listed} have no `not_` form." in FILTERS.read_text()


def test_every_example_of_a_filter_can_be_sent() -> None:
    queries = re.findall(r"^    (\S.*)$", FILTERS.read_text(), re.MULTILINE)
    assert len(queries) > 4
    assert [query for query in queries if filter_of_text(query) == EVERYTHING] == []
    assert filter_of(SearchSchema().load(json.loads(block_of(FILTERS, "json")))) != EVERYTHING
