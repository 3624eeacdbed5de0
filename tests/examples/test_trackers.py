"""The mappings in examples/ on their trackers, counted by the csv module alone."""

from collections import Counter

import pytest

from schemas.events import NewEventSchema
from service.mappings import UnmappedRows, load_mapping
from service.validation import fast_loader
from tests.mappings import MAPPINGS
from tests.trackers import CORONANET, CPD, FILES, LAWS, tracker_records, tracker_results, tracker_rows


def refusals(name: str) -> Counter[tuple[str, str | None]]:
    """Return the numbers of refused rows by problem and column."""
    return Counter(
        (error.problem, error.column)
        for result in tracker_results(name)
        if isinstance(result, UnmappedRows)
        for _ in result.lines
        for error in result.errors
    )


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_a_tracker_is_in_exactly_one_result(name: str) -> None:
    lines = [line for result in tracker_results(name) for line in result.lines]
    assert len(lines) == len(set(lines)) == len(tracker_rows(name))


@pytest.mark.parametrize("name", FILES)
def test_every_record_of_a_tracker_passes_the_fast_loader(name: str) -> None:
    load = fast_loader(NewEventSchema)
    for record in tracker_records(name):
        load(record)


@pytest.mark.parametrize("name", FILES)
def test_a_mapping_uses_or_ignores_every_column(name: str) -> None:
    assert load_mapping(MAPPINGS / f"{name}.toml").unused(list(tracker_rows(name)[0])) == []


@pytest.mark.parametrize("name", FILES)
def test_every_record_names_its_data_set(name: str) -> None:
    titles = {record["sources"][0]["title"] for record in tracker_records(name)}
    [title] = titles
    assert any(word in title for word in ("CC BY-NC", "with credit to", "cite https://doi.org/"))


def test_a_policy_of_the_climate_policy_database_becomes_one_record_and_is_refused_without_an_id() -> None:
    ids = {row["Policy ID"] for row in tracker_rows(CPD)} - {""}
    assert len(tracker_records(CPD)) == len(ids)
    nameless = sum(not row["Policy ID"] for row in tracker_rows(CPD))
    assert refusals(CPD) == {("is empty, but must name the event of the row.", "Policy ID"): nameless}


def test_the_years_of_the_climate_policy_database_stay_years() -> None:
    by_id = {row["Policy ID"]: row for row in tracker_rows(CPD) if row["Policy ID"]}
    columns = ("Date of decision", "Start date of implementation", "End date of implementation")
    years = Counter(row[column] for row in by_id.values() for column in columns if row[column])
    mapped = tracker_records(CPD)
    assert Counter(date["edtf"] for one in mapped for date in one.get("dates", ())) == years


def test_planned_policies_and_drafts_of_the_climate_policy_database_have_expected_dates() -> None:
    begun = Counter(
        date["modality"]
        for record in tracker_records(CPD)
        if record.get("status") in ("planned", "proposed")
        for date in record.get("dates", ())
        if date["kind"] in ("launched", "ends")
    )
    rows = {row["Policy ID"]: row for row in tracker_rows(CPD) if row["Implementation state"] in ("Planned", "Draft")}
    columns = ("Start date of implementation", "End date of implementation")
    assert begun == {"expected": sum(bool(row[column]) for row in rows.values() for column in columns)}


def test_rows_of_one_country_and_title_are_one_climate_law() -> None:
    laws = {(row["Geography ISO"], row["Title"].strip()) for row in tracker_rows(LAWS)}
    assert len(tracker_records(LAWS)) == len(laws)
    assert refusals(LAWS) == {}


def test_every_document_of_climate_laws_is_a_source() -> None:
    links = Counter(
        part.split("|")[1].strip() for row in tracker_rows(LAWS) for part in row["Documents"].split(";") if "|" in part
    )
    mapped = tracker_records(LAWS)
    assert (
        Counter(source["url"] for one in mapped for source in one["sources"] if source["type"] != "data_set") == links
    )


def test_a_christmas_day_in_climate_laws_is_a_year() -> None:
    days = [part[:10] for row in tracker_rows(LAWS) for part in row["Events"].split(";") if part[:2].isdigit()]
    mapped = tracker_records(LAWS)
    edtf = Counter(date["edtf"] for one in mapped for date in one.get("dates", ()))
    assert sum(day.startswith("25/12/") for day in days) == 503
    assert not any(text.endswith("-12-25") for text in edtf)
    assert set(edtf) == {day[6:] if day.startswith("25/12/") else f"{day[6:]}-{day[3:5]}-{day[:2]}" for day in days}


def test_a_policy_of_coronanet_becomes_one_record_and_is_refused_without_its_entry() -> None:
    entered = {row["policy_id"] for row in tracker_rows(CORONANET) if row["entry_type"] == "new_entry"}
    assert len(tracker_records(CORONANET)) == len(entered)
    stray = sum(row["policy_id"] not in entered for row in tracker_rows(CORONANET))
    assert refusals(CORONANET) == {("marks no row as the event's first.", "entry_type"): stray}


def test_every_update_of_coronanet_is_a_statement_and_every_record_an_external_id() -> None:
    entered = {row["policy_id"] for row in tracker_rows(CORONANET) if row["entry_type"] == "new_entry"}
    rows = [row for row in tracker_rows(CORONANET) if row["policy_id"] in entered]
    updates = {
        (row["policy_id"], " ".join(row["description"].split())) for row in rows if row["entry_type"] == "update"
    }
    mapped = tracker_records(CORONANET)
    ids = Counter(id_["scheme"] for one in mapped for id_ in one["external_ids"])
    assert ids == {"coronanet": len(entered), "coronanet-record": len(rows)}
    assert sum(len(one.get("statements", ())) for one in mapped) == len(updates)
