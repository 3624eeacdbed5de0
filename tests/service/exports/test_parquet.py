"""Parquet: the columns of CSV with their types, a row group at a time."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.errors import NotAcceptable
from service.exports import parquet
from service.exports.columns import COLUMNS
from service.exports.export import FileFormat, require_writable, write_documents
from service.strict_json import render
from tests.factories import a_full_event
from tests.records import a_date, a_record

FORM = FileFormat("parquet")


def table(*batches: list[dict[str, Any]]) -> Any:
    """Return the table that another program reads from the records."""
    pieces = write_documents(FORM, [[render(record) for record in batch] for batch in batches])
    return pq.read_table(io.BytesIO(b"".join(pieces)))


def test_every_column_has_its_type() -> None:
    content = table([a_record(**a_full_event())])
    assert content.column_names == [column.name for column in COLUMNS]
    [row] = content.to_pylist()
    names = ("title", "tags", "date_earliest", "source_count", "created_at", "summary")
    assert {name: row[name] for name in names} == {
        "title": "A policy",
        "tags": ["materials"],
        "date_earliest": date(2024, 4, 2),
        "source_count": 2,
        "created_at": datetime(2024, 4, 1, 9, 30, tzinfo=UTC),
        "summary": "In short.",
    }


def test_unknown_values_are_null_and_a_formula_is_text() -> None:
    [row] = table([a_record(title="=1+1")]).to_pylist()
    assert (row["title"], row["date_earliest"], row["summary"], row["tags"]) == ("=1+1", None, None, [])


@pytest.mark.parametrize("edtf", ["0001-01-01", "9999-12-31", "2024/.."])
def test_the_first_and_the_last_day_of_the_calendar_are_valid(edtf: str) -> None:
    [row] = table([a_record(dates=[a_date(edtf)])]).to_pylist()
    assert row["date_earliest"].isoformat() == edtf[:4] + ("-01-01" if "/" in edtf else edtf[4:])


def test_at_most_one_row_group_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)
    batch, batches_read = [render(a_record())] * 3, 0

    def batches() -> Any:
        nonlocal batches_read
        for _ in range(4):
            batches_read += 1
            yield batch

    pieces = write_documents(FORM, batches())
    assert next(pieces) == b"PAR1"
    assert next(pieces)
    assert batches_read == 2
    whole = pq.ParquetFile(io.BytesIO(b"PAR1" + b"".join(write_documents(FORM, [batch] * 4))[4:]))
    assert [whole.metadata.row_group(group).num_rows for group in range(whole.num_row_groups)] == [6, 6]


def test_an_empty_file_can_be_read() -> None:
    assert table().num_rows == 0


def test_a_truncated_file_cannot_be_read() -> None:
    whole = b"".join(write_documents(FORM, [[render(a_record())]]))
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(io.BytesIO(whole[:-8]))


def test_without_pyarrow_parquet_is_not_acceptable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(NotAcceptable, match="needs the extra `parquet`"):
        require_writable(FORM)
    require_writable(FileFormat("csv"))
