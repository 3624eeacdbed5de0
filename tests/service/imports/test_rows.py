"""Lines of NDJSON that are refused before any event is looked up."""

from collections.abc import Iterable

import pytest

from service.imports.batches import batches
from service.imports.line_reader import split_lines
from service.imports.rows import ParsedRow, RefusedRow, json_rows
from service.strict_json import JsonLimits
from tests.imports import ndjson, row


def rows_of(content: bytes) -> list[ParsedRow]:
    return list(json_rows(split_lines([content], max_line_bytes=10_000), JsonLimits()))


def pointers(rows: Iterable[ParsedRow]) -> list[list[str | None]]:
    return [[error.pointer for error in one.errors] for one in rows if isinstance(one, RefusedRow)]


@pytest.mark.parametrize(
    ("line", "places"),
    [
        (b"{}", ["#/title", "#/event_type", "#/participants", "#/sources"]),
        (b"5", ["#"]),
        (b"null", ["#"]),
        (b'{"title": "A law", "participants": [], "external_ids": [{"scheme": "a", "value": "1"}]}', None),
    ],
)
def test_a_row_without_required_fields_needs_no_batch_of_its_own(line: bytes, places: list[str] | None) -> None:
    """Rows with the same key would each be a transaction, which anyone could have repeated without an end."""
    rows = rows_of(ndjson(*[line] * 900))
    assert len(pointers(rows)) == 900
    assert places is None or sorted(map(str, pointers(rows)[0])) == sorted(places)
    assert len(list(batches(rows))) == 1


def test_a_row_with_all_required_fields_is_judged_beside_its_event() -> None:
    assert pointers(rows_of(ndjson(row(1, title=5), row(2, colour="red")))) == []
