"""References between the parts of a record that say what the record says already."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.consistency import chains_end
from schemas.events import NewEventSchema
from service.mappings import MappedRecord, load_mapping, map_file
from service.mappings.references import BuiltPart, _drop_circular
from tests.mappings import MAPPINGS, a_mapping, records_of

COPIES = """
    group.by = "{id}"
    [[event.sources]]
    rows = "each"
    each = { column = "link", find = "links", into = "address" }
    id = "{address}"
    type = "web_page"
    url = "{address}"
    [[event.sources]]
    rows = "each"
    each = { column = "copy", find = "links", into = "address" }
    id = "{address}"
    type = "web_page"
    url = "{address}"
    derived_from = { column = "link", find = "links" }
"""

A, B, C = (f"https://{letter}.example" for letter in "abc")


@pytest.mark.parametrize(
    ("rows", "derived_from"),
    [
        ([(A, A)], {"a": []}),
        ([(A, f"{A} {B}")], {"a": [], "b": ["a"]}),
        ([(f"{A} {B}", f"{B} {A}")], {"a": ["b"], "b": []}),
        ([(A, B), (B, A)], {"a": ["b"], "b": []}),
        ([(A, B), (B, C), (C, A)], {"a": ["c"], "b": [], "c": ["b"]}),
        ([(A, B), (A, C), (B, C)], {"a": [], "b": ["a"], "c": ["a", "b"]}),
    ],
)
def test_a_copy_with_the_address_of_its_original_refuses_no_row(
    rows: Sequence[tuple[str, str]], derived_from: Mapping[str, list[str]]
) -> None:
    [record] = records_of(COPIES, "id,link,copy\n" + "".join(f"1,{link},{copy}\n" for link, copy in rows))
    assert {one["id"][6]: [id_[6] for id_ in one.get("derived_from", ())] for one in record["sources"]} == derived_from
    assert NewEventSchema().validate(map_one(COPIES, rows)) == {}


def map_one(toml: str, rows: Sequence[tuple[str, str]]) -> dict[str, object]:
    csv = "id,link,copy\n" + "".join(f"1,{link},{copy}\n" for link, copy in rows)
    [result] = map_file(a_mapping(toml), csv.splitlines(keepends=True))
    assert isinstance(result, MappedRecord)
    return result.record


def test_two_participants_that_act_for_each_other_refuse_no_row() -> None:
    toml = """
        [[event.participants]]
        each = { columns = ["who", "for"], split = ";", into = ["name", "other"] }
        id = "{name}"
        name = "{name}"
        role = "party"
        on_behalf_of = "{other}"
    """
    [record] = records_of(toml, "who,for\na;b;c,b;a;a\n")
    assert [one.get("on_behalf_of") for one in record["participants"]] == ["b", None, "a"]


GRAPHS = st.integers(1, 8).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, size - 1), unique=True), min_size=size, max_size=size)
)


@given(GRAPHS)
def test_only_references_that_close_a_circle_are_dropped(graph: list[list[int]]) -> None:
    parts = [
        {"id": f"n{node}", "derived_from": [f"n{target}" for target in targets if target != node]}
        for node, targets in enumerate(graph)
    ]
    before = [dict(part) for part in parts]
    mapping = a_mapping(COPIES).event.parts["sources"][0]
    _drop_circular([BuiltPart(part, mapping) for part in parts], "derived_from")
    after = [{"derived_from": [], **part} for part in parts]
    assert [*chains_end({"participants": [], "sources": after})] == []
    dropped = [
        (number, target)
        for number, (old, new) in enumerate(zip(before, after, strict=True))
        for target in old["derived_from"]
        if target not in new["derived_from"]
    ]
    for number, target in dropped:
        again = [
            one | {"derived_from": [*one["derived_from"], target]} if index == number else one
            for index, one in enumerate(after)
        ]
        assert [*chains_end({"participants": [], "sources": again})] != []


def test_a_policy_of_coronanet_whose_copies_are_its_links_is_mapped() -> None:
    mapping = load_mapping(MAPPINGS / "coronanet.toml")
    row = dict.fromkeys([*mapping.columns, *mapping.ignored], "") | {
        "record_id": "1",
        "policy_id": "7",
        "entry_type": "new_entry",
        "country": "Japan",
        "init_country_level": "National",
        "description": "Schools close.",
        "type": "Curfew",
        "date_announced": "2020-03-01",
        "date_start": "2020-03-02",
        "date_updated": "2020-03-03",
    }
    rows = [row | {"link": A, "pdf_link": B}, row | {"record_id": "2", "link": B, "pdf_link": A}]
    lines = [",".join(row), *(",".join(one.values()) for one in rows)]
    [result] = map_file(mapping, [f"{line}\n" for line in lines])
    assert isinstance(result, MappedRecord), result
    assert NewEventSchema().validate(result.record) == {}
