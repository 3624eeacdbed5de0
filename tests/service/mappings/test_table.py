"""The rows of a file: how it is written, what cannot be read, and several rows for one event."""

import io

import pytest

from service.errors import Invalid
from service.mappings import MappedRecord, text_lines
from tests.mappings import a_mapping, record_of, records_of, refusals_of, results_of

TITLE = 'event.title = "{title}"'


def _titles(toml: str, csv: str) -> list[str]:
    return [record["title"] for record in records_of(toml, csv)]


def test_a_file_can_have_another_format() -> None:
    toml = """
        event.title = "{b}"
        [file]
        delimiter = ";"
        quote = "'"
        skip_lines = 2
        header = ["a", "b"]
    """
    assert _titles(toml, "Ministry of Energy\n\n1;'x;y'\n2;z\n") == ["x;y", "z"]


def test_cells_are_cleaned() -> None:
    toml = """
        event.title = "{t}"
        event.summary = "{n}"
        [file]
        nothing = ["-", "#N/A", "not *"]
        mend_encoding = true
        replace = { "_x000D_" = "" }
    """
    csv = "t,n\n  Loi nÂ°  5\x08 _x000D_,#n/a\nCôte,Not known\nsustainabilityâ€\x90related,-\n"
    assert records_of(toml, csv) == [{"title": "Loi n° 5"}, {"title": "Côte"}, {"title": "sustainability‐related"}]  # noqa: RUF001 (a hyphen is meant)


def test_a_byte_order_mark_is_skipped() -> None:
    assert _titles(TITLE, '\ufeff"title",x\nAct,1\n') == ["Act"]


def test_a_row_has_the_line_on_which_it_begins() -> None:
    csv = 'title,x\n"two\nlines",1\n\n,2\n,,\n   \nlast,3\n,4\n'
    assert [outcome.lines for outcome in results_of(TITLE, csv)] == [(2,), (5,), (8,), (9,)]
    assert [lines for lines, _ in refusals_of(TITLE, csv)] == [(5,), (9,)]


def test_lines_before_the_header_are_counted() -> None:
    toml = 'event.title = "{title}"\nfile.skip_lines = 2'
    assert [outcome.lines for outcome in results_of(toml, "About\n\ntitle\nx\n")] == [(4,)]


def test_a_row_of_another_width_is_refused_but_not_for_empty_cells_at_the_end() -> None:
    assert refusals_of(TITLE, "title,x\na,1, ,\nb\nc,1,2\n") == [((4,), ["Has 3 cells, but the header has 2."])]
    assert _titles('event.title = "{title}"\nevent.summary = "{x}"', "title,x,y,,\na,1,,,\nb\n\nc,1,2\n") == [
        *("a", "b", "c")
    ]


@pytest.mark.parametrize(
    "csv",
    [
        "sep=;\ntitle;x\nAct;1\n",
        "\ufeff\n\nsep=;\r\n\r\n;;\r\ntitle;x\r\nAct;1\r\n",
        "title;x\nAct;1\n",
        ';;\n"";\ntitle;x;\nAct;1;\n',
        '"title"\t"x"\nAct\t1\n',
        "sep=^\ntitle^x\nAct^1\n",
        "a,b;title;c,d,e;x\n1,2;Act;3;1\n",
    ],
)
def test_a_file_without_a_delimiter_in_the_mapping_may_have_any(csv: str) -> None:
    toml = 'event.title = "{title}"\nevent.summary = "{x}"'
    assert records_of(toml, csv) == [{"title": "Act", "summary": "1"}]


def test_the_lines_above_the_header_are_counted() -> None:
    assert [one.lines for one in results_of(TITLE, "\nsep=;\n\n;\ntitle;x\nAct;1\n")] == [(6,)]


def test_a_mapping_with_a_delimiter_is_for_files_with_that_one() -> None:
    with pytest.raises(Invalid):
        results_of(f'{TITLE}\nfile.delimiter = ","', "title;x\nAct;1\n")


def test_unreadable_csv_is_refused_and_the_rest_is_read() -> None:
    [first, second, third] = results_of(TITLE, f"title\na\n{'x' * 300_000}\nb\n")
    assert (first.lines, second.lines, third.lines) == ((2,), (3,), (4,))
    assert refusals_of(TITLE, f"title\n{'x' * 300_000}\n") == [
        ((2,), ["Cannot be read as CSV: field larger than field limit (262144)."])
    ]


def test_rows_inside_an_unclosed_quote_are_reported() -> None:
    hint = "it spans several lines: is a quote not closed?"
    assert refusals_of(TITLE, 'title,x\na,1\n"b,2\nc,3\nd,4\n') == [
        ((3, 4, 5), [f"Has 1 cells, but the header has 2; {hint}"])
    ]
    long = "".join(f"{number},{'x' * 100_000}\n" for number in range(4))
    [(lines, [message])] = refusals_of(TITLE, f'title,x\n"b,2\n{long}e,5\n')
    assert lines == (2, 3, 4, 5)
    assert message == f"Cannot be read as CSV: field larger than field limit (262144); {hint}"


def test_undecodable_bytes_are_refused_with_their_row() -> None:
    mapping = a_mapping(TITLE)
    stream = io.BytesIO("title\nCôte\nCôte\n".encode("latin-1").replace(b"C\xf4te", "Côte".encode(), 1))
    lines = "".join(text_lines(mapping, stream))
    assert refusals_of(TITLE, lines) == [((3,), ["title: Has bytes that are not utf-8."])]


@pytest.mark.parametrize(
    ("encoding", "codec"), [("utf-8", "utf-8-sig"), ("utf-16", "utf-16"), ("windows-1252", "cp1252")]
)
def test_a_file_is_read_in_its_encoding(encoding: str, codec: str) -> None:
    toml = f'{TITLE}\nfile.encoding = "{encoding}"'
    lines = "".join(text_lines(a_mapping(toml), io.BytesIO("title\nCôte\n".encode(codec))))
    assert _titles(toml, lines) == ["Côte"]


def test_missing_columns_are_reported_before_any_row_is_read() -> None:
    with pytest.raises(Invalid) as caught:
        results_of('event.title = "{Title}"\nfile.ignore = "nots"', "title,note\n")
    assert [fault.detail for fault in caught.value.faults] == [
        'event.title: the file has no column "Title". Did you mean "title"?',
        'file.ignore: the file has no column "nots". Did you mean "note"?',
    ]


def test_a_name_of_each_cannot_be_the_name_of_a_column() -> None:
    toml = """
        [[event.dates]]
        each = { column = "years", split = ",", into = "year" }
        kind = "meeting"
        edtf = "{year}"
        modality = "actual"
    """
    with pytest.raises(Invalid) as caught:
        results_of(toml, "years,year\n")
    assert [fault.detail for fault in caught.value.faults] == [
        'event.dates[1].each: the file has a column "year" as well; choose another name.'
    ]


@pytest.mark.parametrize(
    ("csv", "message"), [("", "The file has no readable header."), ("a,b,a\n", "repeated columns")]
)
def test_an_unusable_header_is_reported(csv: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        results_of(TITLE, csv)


def test_unused_columns_are_listed() -> None:
    mapping = a_mapping('event.title = "{title}"\nevent.summary = "{note}"\nfile.ignore = ["code"]')
    assert mapping.unused(("title", "note", "code", "colour")) == ["colour"]


def test_the_same_external_id_twice_is_refused() -> None:
    toml = '[[event.external_ids]]\nscheme = "t"\nvalue = "{id}"'
    message = 'id: "t:1" is the external id of another record in this file; use [group] for events of several rows.'
    assert refusals_of(toml, "id\n1\n2\n1\n") == [((4,), [message])]


GROUP = """
    [group]
    by = "{policy}"
    first = { column = "entry", is = "new" }
    order = ["{day}", "{number}"]
    [event]
    title = "{title}"
    summary = { column = "title", rows = "last" }
    description = { column = "title", rows = "each", join = "; " }
    status.first_of = [
        { text = "expired", rows = "last", when = { column = "entry", is = "end" } },
        "launched",
    ]
    tags = [{ column = "title", rows = "later" }]
    [[event.dates]]
    rows = "each"
    kind = { column = "entry", table = { new = "launched", change = "amended", end = "ends" } }
    edtf = "{day}"
    modality = "actual"
    [[event.statements]]
    rows = "earlier"
    text = "{title}"
"""
HEADER = "policy,entry,day,number,title\n"


def test_several_rows_make_one_event() -> None:
    csv = (
        HEADER
        + "p,end,2020-03,4,d\nq,new,2020-01,1,x\np,change,2020-02,10,c\np,new,2020-09,1,a\np,change,2020-02,9,b\n"
    )
    [first, second] = results_of(GROUP, csv)
    assert (first.lines, second.lines) == ((2, 4, 5, 6), (3,))
    assert isinstance(first, MappedRecord)
    assert {
        key: value for key, value in first.record.items() if key not in ("event_type", "participants", "sources")
    } == {
        "title": "a",
        "summary": "d",
        "description": "a; b; c; d",
        "status": "expired",
        "tags": ["b", "c", "d"],
        "dates": [
            {"kind": "launched", "edtf": "2020-09", "modality": "actual"},
            {"kind": "amended", "edtf": "2020-02", "modality": "actual"},
            {"kind": "ends", "edtf": "2020-03", "modality": "actual"},
        ],
        "statements": [{"text": "a"}, {"text": "b"}, {"text": "c"}],
    }
    assert isinstance(second, MappedRecord)
    assert second.record["description"] == "x"


def test_rows_without_a_first_one_are_refused_together() -> None:
    csv = HEADER + "p,change,2020,1,a\nq,new,2020,1,b\np,end,2021,2,c\n,new,2020,1,d\n"
    assert refusals_of(GROUP, csv) == [
        ((2, 4), ["entry: Marks no row as the event's first."]),
        ((5,), ["policy: Is empty, but must name the event of the row."]),
    ]


def test_results_come_in_the_order_of_their_first_lines() -> None:
    csv = HEADER + "p,new,2020,1,a\n,new,2020,1,b\nq,new,2020,1,c\nbad\np,change,2021,2,d\nr,new,2020,1,e\n"
    assert [outcome.lines for outcome in results_of(GROUP, csv)] == [(2, 6), (3,), (4,), (5,), (7,)]


def test_an_invalid_date_in_order_refuses_the_event() -> None:
    toml = """
        [group]
        by = "{id}"
        order = { column = "day", date = "dd/mm/yyyy" }
    """
    csv = "id,day\n1,01/02/2020\n2,2020\n"
    assert refusals_of(toml, csv) == [((3,), ['"2020" is not a date written as dd/mm/yyyy.'])] or refusals_of(toml, csv)


def test_rows_that_must_be_alike_but_differ_are_refused() -> None:
    toml = 'event.title = "{title}"\ngroup = { by = "{id}", alike = true }'
    csv = "id,title,note\n1,a,x\n2,b,x\n1,a,x\n2,c,y\n"
    assert refusals_of(toml, csv) == [((3, 5), ["title, note: Differs between the rows of the event."])]
    assert [outcome.lines for outcome in results_of(toml, csv)] == [(2, 4), (3, 5)]


def test_consecutive_rows_are_grouped_as_they_are_read() -> None:
    toml = 'event.title = "{title}"\ngroup = { by = "{id}", together = true }'
    mapping_lines = iter(["id,title\n", "1,a\n", "1,b\n", "2,c\n", "3,d\n", "1,e\n", ",f\n"])
    outcomes = results_of(toml, "".join(mapping_lines))
    assert [outcome.lines for outcome in outcomes] == [(2, 3), (4,), (5,), (6,), (7,)]
    assert refusals_of(toml, "id,title\n1,a\n2,c\n1,e\n,f\n") == [
        ((4,), ['id: "1" is not next to the other rows of its event.']),
        ((5,), ["id: Is empty, but must name the event of the row."]),
    ]


def test_every_row_is_in_exactly_one_result() -> None:
    csv = HEADER + "".join(f"p{number % 7},new,2020,{number},t\n" for number in range(50)) + "bad\n,new,2020,1,x\n"
    lines = sorted(line for outcome in results_of(GROUP, csv) for line in outcome.lines)
    assert lines == list(range(2, 54))


def test_one_row_of_a_group_is_first_and_last() -> None:
    assert record_of(GROUP, HEADER + "p,new,2020,1,a\n")["summary"] == "a"
