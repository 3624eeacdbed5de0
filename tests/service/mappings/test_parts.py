"""Parts of a record: entries repeated, left out, numbered, and what they say of each other."""

import pytest

from tests.mappings import record_of, records_of, refusals_of, results_of


def test_a_part_is_left_out_if_a_required_field_is_empty() -> None:
    toml = """
        [[event.dates]]
        kind = "adopted"
        edtf = "{adopted}"
        modality = "actual"
        [[event.dates]]
        kind = "ends"
        edtf = "{ends}"
        modality = "expected"
    """
    assert record_of(toml, "adopted,ends\n,2030\n") == {
        "dates": [{"kind": "ends", "edtf": "2030", "modality": "expected"}]
    }


def test_a_part_without_information_is_left_out() -> None:
    toml = """
        [[event.sources]]
        id = "data-set"
        type = "data_set"
        title = "Tracker"
        [[event.sources]]
        id = "link"
        type = "web_page"
        title = "{name}"
        url = "{link}"
    """
    csv = "id,name,link\n1,,\n2,Gazette,\n"
    assert [[source["id"] for source in record["sources"]] for record in records_of(toml, csv)] == [
        ["data-set"],
        ["data-set", "link"],
    ]


def test_a_part_can_have_a_condition() -> None:
    toml = """
        [[event.participants]]
        when = { column = "level", is = "city" }
        name = "{place}"
        role = "party"
        type = "subnational"
        [[event.participants]]
        when = { column = "level", is_not = "city" }
        name = "{place}"
        role = "party"
        type = "state"
    """
    csv = "level,place\ncity,Kyoto\n,Japan\n"
    assert [record["participants"][0]["type"] for record in records_of(toml, csv)] == ["subnational", "state"]


def test_a_part_can_be_required() -> None:
    toml = """
        [[event.dates]]
        required = true
        kind = "adopted"
        edtf = "{adopted}"
        modality = "actual"
    """
    assert refusals_of(toml, "adopted,x\n,1\n") == [((2,), ["adopted: Gives nothing, but the mapping requires it."])]


def test_a_record_without_any_party_is_refused() -> None:
    toml = '[[event.participants]]\nname = "{country}"\nrole = "party"'
    message = "country: Gives no participants, but a record needs some."
    assert refusals_of(toml, "country,x\n,1\n") == [((2,), [message])]


def test_each_repeats_a_part_for_the_texts_of_a_cell() -> None:
    toml = """
        [[event.topics]]
        each = { column = "sectors", split = ",", table = "sectors", into = "topic" }
        id = "{topic}"
        role = "subject"
        [tables.sectors]
        "Energy" = "energy"
        "Roads and rail" = ["roads", "rail"]
        "General" = ""
        [topics]
        energy = "Energy"
        roads = "Roads"
        rail = "Rail"
    """
    csv = 'sectors\n"General, Roads and rail, Energy, energy"\n'
    assert record_of(toml, csv) == {
        "topics": [{"id": id_, "role": "subject"} for id_ in ("energy", "roads", "rail")],
    }


EVENTS = """
    [file]
    nothing = "#N/A"
    [[event.dates]]
    each = { column = "events", split = ";", by = "|", into = ["day", "what"] }
    kind = { text = "{what}", table = { "*passed" = "adopted", "*amend*" = "amended" }, unknown = "other" }
    edtf = { text = "{day}", date = ["dd/mm/yyyy"] }
    modality = "actual"
"""


def test_texts_can_be_split_into_pieces() -> None:
    csv = "events\n25/12/2008|Law passed;|Nothing;01/02/2010|Last amended||;03/04/2011|#N/A\n"
    assert record_of(EVENTS, csv)["dates"] == [
        {"kind": "adopted", "edtf": "2008-12-25", "modality": "actual"},
        {"kind": "amended", "edtf": "2010-02-01", "modality": "actual"},
    ]


def test_a_text_with_more_pieces_than_names_is_refused() -> None:
    [(lines, [message])] = refusals_of(EVENTS, "events\n25/12/2008|Law passed|a note\n")
    assert (lines, message) == (
        (2,),
        'events: "25/12/2008|Law passed|a note" has more pieces between "|" than into has names.',
    )


def test_the_error_of_a_piece_has_its_column() -> None:
    assert refusals_of(EVENTS, "events\n2008|Law passed\n") == [
        ((2,), ['events: "2008" is not a date written as dd/mm/yyyy.'])
    ]


FIGURES = """
    [[event.figures]]
    each = { columns = ["name", "value", "year"], split = ",", into = ["what", "amount", "by"] }
    measure = { text = "{what}", table = { "Share (%)" = "target_share" }, unknown = "other" }
    value = { text = "{amount}", number = "1,234.56" }
    period = { text = "{by}", date = "yyyy", unknown = "" }
"""


def test_columns_side_by_side_make_parts_by_position() -> None:
    csv = 'name,value,year\n"Share (%), Emissions","40, 25.50","2030, 2"\n"Share (%)",7,\n,,2030\n'
    assert [record.get("figures") for record in records_of(FIGURES, csv)] == [
        [{"measure": "target_share", "value": "40", "period": "2030"}, {"measure": "other", "value": "25.5"}],
        [{"measure": "target_share", "value": "7"}],
        None,
    ]


def test_columns_side_by_side_of_different_lengths_are_refused() -> None:
    message = "name, value, year: Hold lists of different lengths, whose members must belong together."
    assert refusals_of(FIGURES, 'name,value,year\n"a,b",1,2030\n') == [((2,), [message])]


def test_equal_parts_are_merged() -> None:
    toml = EVENTS.replace("kind =", 'id = "day-{#}"\n    kind =')
    csv = "events\n25/12/2008|Law passed;25/12/2008|Act passed;26/12/2008|Act passed\n"
    assert [date["id"] for date in record_of(toml, csv)["dates"]] == ["day-1", "day-3"]


SOURCES = """
    [[event.sources]]
    id = "data-set"
    type = "data_set"
    title = "Tracker"
    derived_from = "*"
    [[event.sources]]
    each = { column = "links", find = "links", into = "link" }
    id = "{link}"
    type = "web_page"
    url = "{link}"
    [[event.citations]]
    each = { column = "links", find = "links", into = "link" }
    fact = "summary"
    source = "{link}"
    stance = "supports"
    [event]
    summary = "{note}"
"""


def test_references_follow_ids_of_columns() -> None:
    record = record_of(SOURCES, "note,links\nNoted,https://a.example/1 https://b.example\n")
    ids = [source["id"] for source in record["sources"]]
    assert ids == ["data-set", "https-a-example-1", "https-b-example"]
    assert record["sources"][0]["derived_from"] == ids[1:]
    assert [citation["source"] for citation in record["citations"]] == ids[1:]


@pytest.mark.parametrize("row", [",https://a.example", "Noted,"])
def test_a_citation_without_its_fact_or_its_source_is_left_out(row: str) -> None:
    assert "citations" not in record_of(SOURCES, f"note,links\n{row}\n")


def test_a_reference_to_a_missing_part_is_left_out() -> None:
    toml = """
        [[event.participants]]
        id = "government"
        name = "{country}"
        role = "party"
        [[event.participants]]
        name = "{minister}"
        role = "spokesperson"
        on_behalf_of = "government"
    """
    csv = "country,minister\nJapan,A\n,B\n"
    first, second = (record["participants"] for record in records_of(toml, csv))
    assert first[1] == {"name": "A", "role": "spokesperson", "on_behalf_of": "government"}
    assert second == [{"name": "B", "role": "spokesperson"}]


@pytest.mark.parametrize(("modality", "resolved"), [("expected", True), ("actual", False)])
def test_only_open_dates_are_resolved(modality: str, *, resolved: bool) -> None:
    toml = f"""
        [[event.dates]]
        id = "plan"
        kind = "ends"
        edtf = "2020"
        modality = "{modality}"
        [[event.dates]]
        id = "end"
        kind = "ends"
        edtf = "2021"
        modality = "actual"
        resolves = "plan"
    """
    assert ("resolves" in record_of(toml, "a\n1\n")["dates"][1]) is resolved


def test_parts_with_the_same_constant_id_are_numbered() -> None:
    toml = """
        [[event.dates]]
        each = { column = "years", split = ",", into = "year" }
        id = "meeting"
        kind = "meeting"
        edtf = "{year}"
        modality = "actual"
    """
    dates = record_of(toml, 'years\n"2001,2002,2003"\n')["dates"]
    assert [date["id"] for date in dates] == ["meeting", "meeting-2", "meeting-3"]


def test_parts_with_the_same_id_from_columns_are_merged() -> None:
    toml = """
        [group]
        by = "{id}"
        [[event.sources]]
        rows = "each"
        each = { column = "copy", find = "links", into = "address" }
        id = "{address}"
        type = "web_page"
        url = "{address}"
        derived_from = { column = "link", find = "links" }
        [[event.sources]]
        rows = "each"
        each = { column = "link", find = "links", into = "address" }
        id = "{address}"
        type = "web_page"
        url = "{address}"
    """
    csv = "id,copy,link\n1,https://c.example,https://a.example\n1,https://c.example,https://b.example\n"
    copy, *links = record_of(toml, csv)["sources"]
    assert copy["derived_from"] == ["https-a-example", "https-b-example"] == [link["id"] for link in links]


def test_a_list_that_is_too_long_is_refused() -> None:
    toml = """
        [[event.dates]]
        each = { column = "years", split = ",", into = "year" }
        kind = "meeting"
        edtf = "{year}"
        modality = "actual"
    """
    years = ",".join(map(str, range(1900, 2001)))
    message = "years: Gives more than 100 dates."
    assert refusals_of(toml, f'years\n"{years}"\n') == [((2,), [message])]


def test_quote_and_change_are_nested_parts() -> None:
    toml = """
        [event]
        summary = "{note}"
        change = { kind = "enrichment", reason = "From row {id}." }
        [[event.sources]]
        id = "report"
        type = "report"
        title = "Report"
        [[event.citations]]
        fact = "summary"
        source = "report"
        stance = "supports"
        quote = { exact = "{quote}", page = "{page}" }
    """
    first, second = records_of(toml, "id,note,quote,page\n7,n,as said,3\n8,n,,3\n")
    assert first["change"] == {"kind": "enrichment", "reason": "From row 7."}
    assert first["citations"][0]["quote"] == {"exact": "as said", "page": "3"}
    assert "quote" not in second["citations"][0]


def test_pointers_into_a_record_lead_to_columns() -> None:
    [outcome] = results_of(EVENTS + '\n[event]\ntitle = "{name}: {events}"', "events,name\n25/12/2008|Law passed,n\n")
    columns = {pointer: outcome.columns_at(pointer) for pointer in ("#/title", "#/dates/0/edtf", "#/dates/7", "#/lang")}  # type: ignore[union-attr]
    assert columns == {
        "#/title": ("name", "events"),
        "#/dates/0/edtf": ("events",),
        "#/dates/7": (),
        "#/lang": (),
    }
