"""CSV as people and programs write it."""

import orjson
import pytest

from service.errors import Invalid, Malformed
from service.imports.csv_reader import csv_rows
from service.imports.line_reader import split_lines
from service.imports.rows import ImportRow, ParsedRow, RefusedRow

NAMES = "title,event_type,parties,source_type"


def entries(table: str | bytes, *, longest: int = 10_000) -> list[ParsedRow]:
    text = table.encode() if isinstance(table, str) else table
    return list(csv_rows(split_lines([text], max_line_bytes=longest)))


def cells(entry: ParsedRow) -> tuple[int, dict[str, str]]:
    assert isinstance(entry, ImportRow), entry
    return entry.line, orjson.loads(entry.text)


def refused(entry: ParsedRow) -> tuple[int, str]:
    assert isinstance(entry, RefusedRow), entry
    return entry.line, entry.errors[0].detail


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_have_any_delimiter_with_or_without_a_byte_order_mark(delimiter: str, bom: bytes, end: str) -> None:
    table = f"{NAMES}{end}Ein Gesetz,legislation,日本,legal_text{end}".replace(",", delimiter)
    expected = {"title": "Ein Gesetz", "event_type": "legislation", "parties": "日本", "source_type": "legal_text"}
    assert [cells(entry) for entry in entries(bom + table.encode())] == [(2, expected)]


def test_cells_may_have_quotes_delimiters_and_line_breaks() -> None:
    table = 'title,summary\n"A ""law"", so called","first\r\nsecond\n"\nLast,\n'
    assert [cells(entry) for entry in entries(table)] == [
        (2, {"title": 'A "law", so called', "summary": "first\r\nsecond\n"}),
        (5, {"title": "Last", "summary": ""}),
    ]


def test_column_names_are_normalized_and_empty_rows_skipped() -> None:
    table = "Title, Event type ,SOURCE_TYPE\n,,\nA law,legislation,report\n\n"
    assert [cells(entry) for entry in entries(table)] == [
        (3, {"title": "A law", "event_type": "legislation", "source_type": "report"})
    ]


@pytest.mark.parametrize(
    "table",
    [
        "title,summary,tags\nA law,,\nB,x,\n",
        "title,summary,tags,\nA law,,,\nB,x,,\n",
        "title,summary,tags,,,\nA law\nB,x,,,,,,\n",
        "title,summary,tags\nA law\nB,x\n",
        "title,summary,tags\r\nA law\r\n\r\nB,x",
        "\n , ,\n\t\n,,,\ntitle,summary,tags\nA law\n, ,\nB,x\n \n",
        ';;\n"";\n title ; Summary;TAGS;\nA law;;;\nB;x;;\n',
        "\ufeffsep=;\ntitle;summary;tags\nA law;;\nB;x;\n",
        "SEP=,,,\ntitle,summary,tags\nA law,,\nB,x,\n",
        '"sep=\t"\r\n\r\ntitle\tsummary\ttags\r\nA law\r\nB\tx\t\r\n',
        "sep=^\ntitle^summary^tags\nA law^^\nB^x^\n",
        "sep=;\ntitle,summary,tags\nA law,,\nB,x,\n",
        ",title,,summary,tags\n,A law,,,\n ,B,,x\n",
        "sep=\\t\r\ntitle\tsummary\ttags\r\nA law\r\nB\tx\t\r\n",
        "\ufeff\ufefftitle,summary,tags\nA law\nB,x\n",
        '\ufeff"title", "summary", "tags"\n"A law", "", ""\n"B", "x", ""\n',
    ],
)
def test_a_table_is_read_as_spreadsheets_write_it(table: str) -> None:
    assert [cells(entry)[1] for entry in entries(table)] == [
        {"title": "A law", "summary": "", "tags": ""},
        {"title": "B", "summary": "x", "tags": ""},
    ]


def test_a_quote_behind_a_blank_opens_its_cell() -> None:
    [entry] = entries('title, summary\n"A law",  "x, ""y"""\n')
    assert cells(entry)[1] == {"title": "A law", "summary": 'x, "y"'}


def test_a_cell_without_a_column_name_refuses_its_row() -> None:
    detail = "A cell has no column name above it; name its column, or empty the cell."
    table = ",title,summary\n0,A law,x\n,B,y\n"
    first, second = entries(table)
    assert (refused(first), cells(second)) == ((2, detail), (3, {"title": "B", "summary": "y"}))


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("title,partys", 'There is no column "partys". Did you mean "parties"?'),
        ("title,summary,title", 'The column "title" appears twice.'),
    ],
)
def test_a_header_with_unknown_or_repeated_columns_is_refused(header: str, detail: str) -> None:
    with pytest.raises(Invalid) as caught:
        entries(header + "\n1,2\n")
    assert [fault.detail for fault in caught.value.faults] == [detail]


@pytest.mark.parametrize("header", ["x," * 120_000, "title," * 40_000])
def test_the_first_faults_of_a_very_long_header_are_reported(header: str) -> None:
    with pytest.raises(Invalid) as caught:
        entries(header + "\n", longest=1_000_000)
    assert len(caught.value.faults) == 20


@pytest.mark.parametrize("table", [b"", b"\n\n", b"x" * 20_000])
def test_a_table_without_a_readable_header_is_refused(table: bytes) -> None:
    with pytest.raises(Malformed):
        entries(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("title\nA law\n".encode("utf-16"), "The table is in UTF-16"),
        ("title\nA law\n".encode("utf-16-le"), "The table is in UTF-16"),
        (b"title,summary\rA law,x\r", "The table's lines end in CR alone"),
        (b"title," + b"x" * 300_000 + b"\n", "The header cannot be read: field larger than"),
    ],
)
def test_a_table_in_another_encoding_or_with_other_line_ends_is_refused(table: bytes, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        entries(table, longest=1_000_000)
    assert caught.value.detail.startswith(message)


def test_a_cell_can_hold_as_many_participants_as_an_event() -> None:
    names = "; ".join(f"dependency_source: {'x' * 300} (JP)" for _ in range(500))
    [entry] = entries(f"title,participants\nA law,{names}\n", longest=1_000_000)
    assert cells(entry) == (2, {"title": "A law", "participants": names})


def test_an_unreadable_row_is_reported_with_its_line_and_the_next_one_is_read() -> None:
    table = (
        b"title,summary\n"
        b"Too,many,cells\n"
        b"Too,many,,cells\n"
        b"Latin,caf\xe9\n"
        b'"quoted" and more,x\n'
        b"Nothing,\0\n"
        b"Long," + b"x" * 20_000 + b"\n"
        b"Good,row\n"
        b'"never closed,\nGood,row\n'
    )
    *bad, last = rows = entries(table)
    assert cells(rows[6]) == (8, {"title": "Good", "summary": "row"})
    assert [refused(entry) for entry in [*bad[:6], last]] == [
        (2, "The row has 3 cells, but the header has 2."),
        (3, "The row has 4 cells, but the header has 2."),
        (4, "The cell has invalid UTF-8 or U+0000; save the table as UTF-8."),
        (5, "The line cannot be read as a row: ',' expected after '\"'. Is a quote not closed?"),
        (6, "The cell has invalid UTF-8 or U+0000; save the table as UTF-8."),
        (7, "The line is longer than allowed; shorten the record."),
        (9, "Lines 9 to 10 cannot be read as a row: unexpected end of data. Is a quote not closed?"),
    ]


def test_an_unclosed_quote_spans_no_more_than_one_cell_can_hold() -> None:
    table = "title,summary\n" + '"open,' + "x" * 500 + "\nA law,short\n" * 40_000
    *rows, _ = entries(table)
    first, rest = rows[0], rows[1:]
    assert refused(first)[0] == 2
    assert "field larger than field limit" in refused(first)[1]
    assert len(rest) > 15_000


def test_a_row_has_the_ids_of_its_columns() -> None:
    id_ = "01980000-0000-7000-8000-000000000000"
    table = f"id,external_ids\n{id_},tracker:1; other:a\\;b\n,tracker:2\n,\nwrong,tracker:3\n"
    first, second, bad = entries(table)
    assert isinstance(first, ImportRow)
    assert isinstance(second, ImportRow)
    assert (str(first.id), first.says_id, first.external_ids) == (id_, True, (("tracker", "1"), ("other", "a;b")))
    assert (second.says_id, second.external_ids) == (False, (("tracker", "2"),))
    assert isinstance(bad, RefusedRow)
    assert (bad.errors[0].pointer, bad.errors[0].column) == ("#/id", "id")
