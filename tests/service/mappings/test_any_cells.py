"""Whatever stands in the cells, every row becomes a valid record or is refused with a reason."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.blank import is_blank
from service.mappings import MappedRecord, map_file
from service.mappings.preview import schema_faults
from tests.mappings import a_mapping

steadily = settings(derandomize=True, deadline=None, max_examples=200)

COLUMNS = ("id", "title", "country", "days", "state", "sectors", "amounts", "units", "links", "note", "order")

EVERYTHING = """
    [file]
    nothing = ["NA", "-"]
    mend_encoding = true
    [group]
    by = "{id}"
    order = ["{order}"]
    [event]
    title = { text = "{country}: {title}[ ({state})]", cut = 120, otherwise = "{note}" }
    summary = { column = "note", html = true }
    description = { column = "note", rows = "each", join = "\\n\\n" }
    status = { column = "state", table = { "in force" = "in_force", "end*" = "expired" }, unknown = "" }
    instruments = { column = "sectors", split = ",", table = { tax = "tax", "*" = "" }, rows = "each" }
    tags = [{ column = "sectors", split = [",", ";"], as = "lower case", cut = 50 }]
    [[event.external_ids]]
    scheme = "t"
    value = { column = "id", as = "slug" }
    [[event.participants]]
    id = "party"
    name = { column = "country", as = "country name", unknown = "", otherwise = "nobody" }
    role = "party"
    jurisdiction = { column = "country", as = "jurisdiction", unknown = "" }
    as_reported = { column = "country", cut = 100 }
    [[event.dates]]
    rows = "each"
    each = { column = "days", split = ";", by = "|", into = ["day", "what"] }
    id = "{what}"
    kind = { text = "{what}", table = { "*pass*" = "adopted", "*" = "other" }, otherwise = "other" }
    edtf = { text = "{day}", date = ["25/12/yyyy", "dd/mm/yyyy", "yyyy", "edtf"], approximate = "c. yyyy" }
    modality.text = "actual"
    modality.when = { text = "{day}", date = "yyyy", unknown = "", up_to = "2021" }
    modality.otherwise = "expected"
    [[event.topics]]
    each = { column = "sectors", split = ",", table = { energy = ["energy", "power"], "*" = "" }, into = "topic" }
    id = "{topic}"
    [[event.figures]]
    each = { columns = ["amounts", "units"], split = ",", into = ["amount", "unit"] }
    measure = "other"
    subject = "party"
    value = { text = "{amount}", number = "1,234.56", unknown = "" }
    unit = { text = "{unit}", cut = 40 }
    [[event.statements]]
    rows = "later"
    id = "{note}"
    speaker = "party"
    text = "{note}"
    [[event.sources]]
    id = "data-set"
    type = "data_set"
    title = "T"
    derived_from = "*"
    [[event.sources]]
    rows = "each"
    each = { column = "links", find = "links", into = "link" }
    id = "{link}"
    type = "web_page"
    url = "{link}"
    [[event.citations]]
    rows = "later"
    each = { column = "links", find = "links", into = "link" }
    fact = "statements/{note}"
    source = "{link}"
    stance = "supports"
    [topics]
    energy = "energy"
    power = { label = "power", broader = "energy" }
"""
MAPPING = a_mapping(EVERYTHING)

LIKELY = st.sampled_from(
    [
        *(
            "",
            "1",
            "2",
            "x",
            "NA",
            "JP",
            "EUE",
            "Japan",
            "In force",
            "ended 2020",
            "energy",
            "Energy, tax,?",
            "5, 2,000",
        ),
        *(
            "25/12/2008|Law passed",
            "2008|a;2009|b;2009|b",
            "c. 1990|",
            "|x",
            "2008|a|b",
            "2030/2020|x",
            "GWh,%",
            "1,2,3",
        ),
        *(
            "https://a.example",
            "see www.b.example; http://c.example:port",
            "https://d.example/é …",
            "Ã©tÃ©",
            "<b>a</b>&amp;",
        ),
        *(
            "é" * 600,
            "long " * 200,
            "a\x00b\x1b[31m",
            "\ufeff",
            "{title}",
            "[x]",
            "2020-01-01",
            "-",
            "R_1",
            "r_1",
            "R.1",
        ),
    ]
)
CELLS = LIKELY | st.text(max_size=30)


@steadily
@given(st.lists(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=6))
def test_every_row_becomes_a_valid_record_or_is_refused(rows: list[list[str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([COLUMNS, *rows])
    lines = [number for result in map_file(MAPPING, _lines(file)) for number in _judged(result)]
    assert len(lines) == len(set(lines)) == sum(_says_something(row) for row in rows)


def _lines(file: io.StringIO) -> io.StringIO:
    file.seek(0)
    return file


def _judged(result: object) -> tuple[int, ...]:
    if isinstance(result, MappedRecord):
        assert schema_faults(result) == ()
        return result.lines
    assert result.errors  # type: ignore[attr-defined]  # it is UnmappedRows
    return result.lines  # type: ignore[attr-defined, no-any-return]  # as above


def _says_something(row: list[str]) -> bool:
    return not all(is_blank(cell) for cell in row)
