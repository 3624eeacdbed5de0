"""The columns of an event: one flat row with its content."""

from service.exports.columns import COLUMNS
from tests.csv_rows import rows_of
from tests.factories import a_full_event
from tests.records import a_date, a_record


def test_a_row_has_the_content_of_the_record() -> None:
    [row] = rows_of(a_record(**a_full_event()))
    assert list(row) == [column.name for column in COLUMNS]
    assert {name: cell for name, cell in row.items() if cell} == {
        "id": "01980000-0000-7000-8000-000000000001",
        "external_ids": "tracker:1",
        "title": "A policy",
        "names": "Policy",
        "summary": "In short.",
        "description": "At length.",
        "lang": "en",
        "event_type": "agreement",
        "instruments": "cooperation",
        "status": "planned",
        "verification": "single_source",
        "date_kind": "launched",
        "date": "2024-04-02",
        "date_modality": "actual",
        "date_earliest": "2024-04-02",
        "date_latest": "2024-04-02",
        "dates": "launched 2024-04 expected; launched 2024-04-02 actual",
        "parties": "Japan",
        "party_jurisdictions": "JP",
        "participants": "party: Japan (JP); spokesperson: The minister (JP)",
        "jurisdictions": "JP",
        "topics": "trade",
        "tags": "materials",
        "source_type": "news_article",
        "source_count": "2",
        "figure_count": "2",
        "statement_count": "1",
        "relation_count": "2",
        "version": "1",
        "created_at": "2024-04-01T09:30:00.000000Z",
        "updated_at": "2024-04-01T09:30:00.000000Z",
        "content_changed_at": "2024-04-01T09:30:00.000000Z",
    }


def test_a_row_has_the_main_date() -> None:
    dates = [a_date("2024-33", "expected", "in_force"), a_date("2023-11-05", kind="adopted")]
    [row] = rows_of(a_record(dates=dates))
    assert [row[name] for name in ("date_kind", "date", "date_modality", "date_earliest")] == [
        "adopted",
        "2023-11-05",
        "actual",
        "2023-11-05",
    ]
