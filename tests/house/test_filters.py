"""docs/reference/filters.md names every filter, and what it shows can be asked."""

import json
import re
from pathlib import Path

from schemas.filters import NOT, FilterQuerySchema
from schemas.lists import SearchSchema
from service.search.filter import EVERYTHING
from service.search.filters.parser import filter_of, filter_of_text

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "filters.md").read_text()


def test_every_filter_is_told_of() -> None:
    table = PAGE.partition("## What there is")[2].partition("##")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(told) == sorted(name for name in FilterQuerySchema().fields if not name.startswith(NOT))


def test_what_has_no_negation_is_told_of() -> None:
    names = set(FilterQuerySchema().fields)
    without = {name for name in names if not name.startswith(NOT) and NOT + name not in names}
    assert without == {"created_from", "created_to", "updated_since", "updated_to", "q"}
    assert "They and `q` have no negation." in PAGE


def test_every_example_can_be_asked() -> None:
    queries = re.findall(r"^    (\S.*)$", PAGE, re.MULTILINE)
    bodies = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert len(queries) > 5
    assert [query for query in queries if filter_of_text(query) == EVERYTHING] == []
    assert [body for body in bodies if filter_of(SearchSchema().load(json.loads(body))) == EVERYTHING] == []
