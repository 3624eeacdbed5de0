"""Flat rows as events of requests."""

from typing import Any

from hypothesis import given, settings

from schemas.events import NewEventSchema
from service.exports.from_columns import COLUMN_NAMES, READ_COLUMNS, event_of_row
from tests import strategies
from tests.csv_rows import rows_of
from tests.records import a_record


def test_a_row_is_read_back_as_a_request() -> None:
    content: dict[str, Any] = {
        "external_ids": [{"scheme": "tracker", "value": "a:1; b"}],
        "title": "=Policy",
        "summary": "In short.",
        "lang": "en",
        "event_type": "agreement",
        "instruments": ["grant", "loan"],
        "status": "planned",
        "participants": [
            {"role": "party", "name": "Japan", "jurisdiction": "JP"},
            {"role": "dependency_source", "name": "China; mainland", "jurisdiction": "CN"},
            {"role": "observer", "name": "NIKKEI: Tokyo"},
        ],
        "dates": [
            {"kind": "launched", "edtf": "2024-04", "modality": "expected"},
            {"kind": "reported", "edtf": "2024-04-01", "modality": "actual"},
        ],
        "topics": [{"id": "trade"}],
        "tags": ["a, b"],
        "sources": [{"type": "report", "title": "+Report", "url": "https://example.org/a;b", "published": "2024"}],
    }
    [row] = rows_of(a_record(**content))
    event = event_of_row(row)
    assert event.pop("id") == row["id"]
    assert event == content
    assert NewEventSchema().validate(event) == {}


@settings(max_examples=25)
@given(strategies.events())
def test_an_event_stays_valid_when_it_is_read_back(event: dict[str, Any]) -> None:
    [row] = rows_of(a_record(**event))
    event = {name: value for name, value in event_of_row(row).items() if name != "id"}
    errors = NewEventSchema().validate(event)
    # Rarely a name looks like a name with a jurisdiction, or an inner line is blank: the schema reports it.
    assert errors.keys() <= {"participants", "external_ids", "names", "tags"}


def test_a_handmade_table_needs_few_columns() -> None:
    row = {
        "title": "A policy",
        "event_type": "tariff",
        "parties": "Japan; European Union",
        "party_jurisdictions": "JP; EU",
        "affected_jurisdictions": "CN",
        "date_kind": "adopted",
        "date": "2024",
        "date_modality": "actual",
        "source_type": "web_page",
        "source_url": "https://example.org",
        "version": "7",
        "note": "of ours",
    }
    event = event_of_row(row)
    assert event == {
        "title": "A policy",
        "event_type": "tariff",
        "participants": [
            {"role": "party", "name": "Japan", "jurisdiction": "JP"},
            {"role": "party", "name": "European Union", "jurisdiction": "EU"},
            {"role": "affected", "name": "CN", "jurisdiction": "CN"},
        ],
        "dates": [{"kind": "adopted", "edtf": "2024", "modality": "actual"}],
        "sources": [{"type": "web_page", "url": "https://example.org"}],
    }
    assert NewEventSchema().validate(event) == {}


def test_a_malformed_cell_gives_an_incomplete_part() -> None:
    event = event_of_row({"participants": "Japan", "dates": "2024", "external_ids": "42"})
    assert event == {
        "participants": [{"name": "Japan"}],
        "dates": [{"kind": "2024"}],
        "external_ids": [{"value": "42"}],
    }


def test_the_computed_columns_are_not_read() -> None:
    computed = {"verification", "date_earliest", "date_latest", "jurisdictions", "version", "created_at", "updated_at"}
    counts = {"source_count", "figure_count", "statement_count", "relation_count"}
    assert computed | counts | {"content_changed_at"} == COLUMN_NAMES - READ_COLUMNS
