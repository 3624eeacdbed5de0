"""Files that no import may fail at, or work at without an end."""

import json

import pytest
from flask.testing import FlaskClient

from service.imports import line_reader
from tests.factories import a_full_event
from tests.imports import CSV, NDJSON, counts, errors, import_report, ndjson, row, send, titles
from tests.service.conftest import make_key, running
from tests.service.problems import problem_of

LARGE_NUMBERS = [
    "18446744073709551616",
    "-9223372036854775809",
    "1e400",
    "-1E+999",
    "9" * 5_000,
    "1" + "0" * 400 + ".5",
]


@pytest.mark.parametrize("mode", ["partial", "atomic"])
def test_a_row_with_a_number_that_cannot_be_read_is_refused_and_the_next_is_read(
    client: FlaskClient, mode: str
) -> None:
    line = ndjson(row(1, version="LARGE", created_at=["LARGE", {"a/b": "LARGE"}])).replace(b'"LARGE"', b"%s")
    lines = [line % ((number.encode(),) * 3) for number in LARGE_NUMBERS]
    report = import_report(client, ndjson(row(0), *(one.rstrip() for one in lines), row(2)), mode=mode)
    detail = "The number does not fit 64 bits; send it as a string."
    pointers = ["#/version", "#/created_at/0", "#/created_at/1/a~1b"]
    assert errors(report) == [(number, pointer, detail) for number in range(2, len(lines) + 2) for pointer in pointers]
    assert (report["state"], titles(client)) == {
        "partial": ("done", ["Policy 0", "Policy 2"]),
        "atomic": ("failed", []),
    }[mode]


#: Values that a line can hold, and that some parser, type or column cannot.
HOSTILE = (
    *(*LARGE_NUMBERS, "18446744073709551615", "1e308", "-0.0", "1e-400", "NaN", "Infinity", "nul", "01", "1.", "--1"),
    *('"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\ud83d\\ude00"', '"\u2028"', '"\ufeff"', '"\x7f"', '""', '" "'),
    *("null", "true", "[]", "{}", "[[]]", "[null]", '{"": null}', '{"a": 1, "a": 2}', '{"id": 1e400}', '[{"id": {}}]'),
    *("[" * 70 + "]" * 70, "[" * 300, '{"a":' * 300 + "1" + "}" * 300, "[" + "0," * 20_000 + "0]"),
    f'"{"x" * 200_000}"',
)


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_no_line_of_json_ends_an_import(client: FlaskClient, dry_run: str) -> None:
    names = [*a_full_event(), "id", "version", "updated_at", "record_state", "no such field"]
    rows = [json.dumps(row(name) | {name: "HOSTILE"}) for name in names] + ['["HOSTILE"]', '"HOSTILE"']
    lines = [one.replace('"HOSTILE"', value).encode("utf-8", "surrogatepass") for one in rows for value in HOSTILE]
    report = import_report(client, ndjson(*lines, row("last")), dry_run=dry_run)
    assert (report["state"], report["reason"], report["line"]) == ("done", None, len(lines) + 1)
    assert sum(report["rows"].values()) == len(lines) + 1
    assert report["rows"]["refused"] > len(lines) // 2
    assert ("Policy last" in titles(client)) is (dry_run == "false")


REFUSED = [b"{}", b"[]", b"{", ndjson(row(1, title=5)).rstrip(), ndjson(row(2, event_type="none")).rstrip()]


@pytest.mark.parametrize("mode", ["partial", "atomic"])
@pytest.mark.parametrize("dry_run", ["false", "true"])
def test_an_import_ends_where_most_of_many_rows_were_refused(database: str, mode: str, dry_run: str) -> None:
    with running(database, max_import_refused=20) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:write')}"
        report = import_report(client, ndjson(*REFUSED * 1_000, row(3)), mode=mode, dry_run=dry_run)
        assert report["state"] == "failed"
        assert "rows were refused" in report["reason"]
        assert 20 < report["rows"]["refused"] < 2_000
        assert (report["rows"]["created"], report["errors"][0]["line"]) == (0, 1)


def test_refused_rows_end_no_import_whose_other_rows_are_as_many(database: str) -> None:
    with running(database, max_import_refused=20) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:write')}"
        lines = [line for number in range(30) for line in (row(number), b"{}")]
        assert import_report(client, ndjson(*lines))["rows"] == counts(created=30, refused=30)


@pytest.mark.parametrize(
    ("kind", "empty_row"), [(NDJSON, b"\n"), (NDJSON, b" \t\r\n"), (CSV, b"\r\n"), (CSV, b" ,,\n")]
)
def test_empty_rows_are_read_up_to_a_limit(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, kind: str, empty_row: bytes
) -> None:
    monkeypatch.setattr(line_reader, "MAX_EMPTY_ROWS", 50)
    table = b"title,external_ids,event_type,parties,source_type\nPolicy 1,tracker:1,other,Japan,report\n"
    content = table if kind == CSV else ndjson(row(1))
    assert import_report(client, empty_row * 25 + content + empty_row * 25, kind=kind)["rows"] == counts(created=1)
    assert problem_of(send(client, empty_row * 51 + content, kind=kind))[:2] == (400, "malformed")
    report = import_report(client, content + empty_row * 51, kind=kind)
    assert (report["state"], report["reason"]) == ("failed", "The file has more than 50 empty rows; remove them.")


@pytest.mark.parametrize("kind", [CSV, NDJSON])
def test_a_workbook_is_a_problem_with_a_remedy(client: FlaskClient, kind: str) -> None:
    answer = send(client, b"PK\x03\x04\x14\0\x06\0" + bytes(range(256)), kind=kind)
    detail = "The file is a workbook or an archive; save the table as CSV (in Excel: CSV UTF-8)."
    assert (answer.status_code, answer.get_json()["detail"]) == (400, detail)


def test_errors_beyond_the_limit_are_only_counted(database: str) -> None:
    with running(database, max_import_errors=5) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:write')}"
        report = import_report(client, ndjson(*[b"{"] * 9))
        assert (report["error_count"], [one["line"] for one in report["errors"]]) == (9, [1, 2, 3, 4, 5])
