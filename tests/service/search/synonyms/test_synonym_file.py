"""The operator's file of synonyms: its lines as pairs, and the lines that are wrong."""

from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.search.synonyms.synonym_file import MOST_LINES, SynonymFile, parse_synonyms


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("EV, electric vehicle", {("ev", "electric vehicle"), ("electric vehicle", "EV")}),
        ("phaseout => phase out", {("phaseout", "phase out")}),
        ("a, b => c, d", {("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")}),
        ("GAP =>", {("gap", "")}),
        ("\ufeff# A comment.\r\n\r\nEVs => Electric  vehicles # why\r\n", {("evs", "Electric vehicles")}),
        ("NDCs, NDC", {("ndc", "NDCs"), ("ndc", "NDC")}),
        ("", set()),
    ],
)
def test_lines_are_pairs_of_a_key_and_a_term(text: str, pairs: set[tuple[str, str]]) -> None:
    assert set(parse_synonyms(text)) == pairs


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("EV", "Line 1: Write two terms or more, with commas between them, or `=>`."),
        ("# one\nEV,", "Line 2: A term is missing beside a comma or `=>`."),
        ("=> electric vehicle", "Line 1: A term is missing beside a comma or `=>`."),
        ("EV, !!", "Line 1: A term has no word."),
        ("a => b => c", "Line 1: Write `=>` once."),
        (", ".join("abcdefghijklmnopqrstu"), "Line 1: Write at most 20 terms."),
        (
            "EV, one two three four five six seven eight nine",
            'Line 1: "one two three four five six seven eight " is longer',
        ),
    ],
)
def test_a_wrong_line_is_named(text: str, detail: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_synonyms(text)
    [fault] = error.value.faults
    assert fault.detail.startswith(detail)


def test_all_wrong_lines_are_named() -> None:
    with pytest.raises(Invalid) as error:
        parse_synonyms("EV\nEV, electric vehicle\n=>\n")
    assert [fault.detail.partition(":")[0] for fault in error.value.faults] == ["Line 1", "Line 3"]


def test_a_file_that_is_too_long_is_refused() -> None:
    with pytest.raises(Invalid):
        parse_synonyms("\n" * (MOST_LINES + 1))


def synonyms(conn: psycopg.Connection) -> set[tuple[str, str]]:
    """Return the keys and terms in the database."""
    return set(conn.execute("SELECT key, other FROM synonym").fetchall())


def test_a_file_is_loaded_when_it_changes(conn: psycopg.Connection, tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text("EV => electric vehicle")
    file = SynonymFile(str(path))
    assert (file.load_if_changed(conn), file.load_if_changed(conn)) == (1, 0)
    assert synonyms(conn) == {("ev", "electric vehicle")}
    path.write_text("EV, electric car\nGAP =>")
    assert (file.load_if_changed(conn), file.load_if_changed(conn)) == (3, 0)
    assert synonyms(conn) == {("ev", "electric car"), ("electric car", "EV"), ("gap", "")}
    assert SynonymFile("").load_if_changed(conn) == 0
    assert synonyms(conn) == set()


@pytest.mark.parametrize("content", [b"EV =>\nGAP", b"\xff", None])
def test_a_wrong_file_is_refused_once_and_changes_nothing(
    conn: psycopg.Connection, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text("EV => electric vehicle")
    file = SynonymFile(str(path))
    file.load_if_changed(conn)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(Invalid):
        file.load_if_changed(conn)
    assert file.load_if_changed(conn) == 0
    assert synonyms(conn) == {("ev", "electric vehicle")}


@given(st.text(st.sampled_from("aB ,=>#\n!é"), max_size=100))
@settings(max_examples=50)
def test_any_text_is_parsed_or_refused_with_its_lines(text: str) -> None:
    refused = None
    pairs: list[tuple[str, str]] = []
    try:
        pairs = parse_synonyms(text)
    except Invalid as error:
        refused = error
    assert refused is None or refused.faults
    assert all(key for key, _ in pairs)
