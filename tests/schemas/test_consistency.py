"""The checks between the parts of one record, one by one."""

from typing import Any

import pytest
from marshmallow import fields

from schemas.consistency import CHECKS, FACT_FIELDS, FACT_LISTS, Path, findings
from schemas.events import NewEventSchema
from tests.factories import a_full_event, an_event

Record = dict[str, Any]

#: Lists of parts, each with an id or a reference.
PARTS = (*FACT_LISTS, "sources", "citations", "relations")


def bare(part: str) -> Record:
    """Return a loaded member of `part` with every key and null values."""
    listed = NewEventSchema().fields[part]
    assert isinstance(listed, fields.List)
    assert isinstance(listed.inner, fields.Nested)
    return dict.fromkeys(listed.inner.schema.fields)


BARE = {part: bare(part) for part in PARTS} | {"external_ids": {}}
BARE["sources"]["derived_from"] = []


def a_record(**parts: list[Record]) -> Record:
    """Return a loaded event with these parts only, and null in the other keys of each member."""
    record: Record = NewEventSchema().load(an_event())
    return record | {part: [bare | member for member in parts.get(part, [])] for part, bare in BARE.items()}


def places(**parts: list[Record]) -> list[Path]:
    """Return the paths of the faults in a record of these parts."""
    return [path for path, _ in findings(a_record(**parts))]


def chain(field: str, *edges: str) -> list[Record]:
    """Return members from edges: `a>b` is a member a whose `field` names b, `a` one without a reference."""
    split = [edge.partition(">") for edge in edges]
    if field == "derived_from":
        return [{"id": id_, field: references.split("+") if references else []} for id_, _, references in split]
    return [{"id": id_, field: references or None} for id_, _, references in split]


def test_a_full_record_has_no_faults() -> None:
    assert list(findings(NewEventSchema().load(a_full_event()))) == []


@pytest.mark.parametrize("part", [*FACT_LISTS, "sources"])
def test_an_id_occurs_once_in_its_list(part: str) -> None:
    assert places(**{part: [{"id": "a"}, {"id": "b"}, {"id": "a"}, {"id": "a"}]}) == [(part, 2, "id"), (part, 3, "id")]


def test_several_parts_may_have_no_id() -> None:
    twice: dict[str, list[Record]] = {part: [{}, {}] for part in (*FACT_LISTS, "sources")}
    assert places(**twice) == []


def test_the_same_id_may_occur_in_two_lists() -> None:
    assert places(names=[{"id": "a"}], dates=[{"id": "a"}], sources=[{"id": "a"}]) == []


def test_an_external_id_occurs_once() -> None:
    external_ids = [{"scheme": scheme, "value": value} for scheme, value in ("a1", "a2", "b1", "a1")]
    assert places(external_ids=external_ids) == [("external_ids", 3)]


@pytest.mark.parametrize(
    ("part", "field", "target"),
    [
        ("participants", "on_behalf_of", "participants"),
        ("dates", "resolves", "dates"),
        ("figures", "subject", "participants"),
        ("statements", "speaker", "participants"),
        ("citations", "source", "sources"),
    ],
)
def test_a_reference_names_an_existing_part(part: str, field: str, target: str) -> None:
    fact = {"fact": "title"} if part == "citations" else {}
    parts = {target: [{"id": "there"}]}
    parts[part] = [*parts.get(part, []), {field: "there", **fact}, {field: "gone", **fact}]
    assert places(**parts) == [(part, len(parts[part]) - 1, field)]


def test_a_source_derives_from_an_existing_source() -> None:
    assert places(sources=chain("derived_from", "a", "b>a+x+y")) == [
        ("sources", 1, "derived_from", 1),
        ("sources", 1, "derived_from", 2),
    ]


def test_a_part_without_an_id_cannot_be_referenced() -> None:
    assert places(participants=[{"name": "a"}, {"on_behalf_of": "a"}]) == [("participants", 1, "on_behalf_of")]


@pytest.mark.parametrize(
    ("modality", "faults"), [("expected", []), ("deadline", []), ("actual", [("dates", 1, "resolves")])]
)
def test_only_an_open_date_is_resolved(modality: str, faults: list[Path]) -> None:
    assert (
        places(dates=[{"id": "a", "modality": modality}, {"id": "b", "resolves": "a", "modality": "actual"}]) == faults
    )


@pytest.mark.parametrize("modality", ["expected", "deadline", "actual"])
def test_a_date_does_not_resolve_itself(modality: str) -> None:
    assert places(dates=[{"id": "a", "resolves": "a", "modality": modality}]) == [("dates", 0, "resolves")]


@pytest.mark.parametrize("fact", [*FACT_FIELDS, *(f"{part}/a" for part in FACT_LISTS)])
def test_every_fact_can_be_cited(fact: str) -> None:
    parts = {part: [{"id": "a"}] for part in FACT_LISTS}
    parts["statements"].append({"resolved_by": fact})
    assert places(**parts, sources=[{"id": "s"}], citations=[{"fact": fact, "source": "s"}]) == []


@pytest.mark.parametrize(
    "fact", ["dates/b", "dates", "figures/a", "sources/s", "tags", "lang", "id", "version", "verification", "change"]
)
def test_an_unknown_fact_cannot_be_cited(fact: str) -> None:
    faults = places(
        dates=[{"id": "a"}],
        statements=[{"resolved_by": fact}],
        sources=[{"id": "s"}],
        citations=[{"fact": fact, "source": "s"}],
    )
    assert faults == [("citations", 0, "fact"), ("statements", 0, "resolved_by")]


@pytest.mark.parametrize(
    ("edges", "circular"),
    [
        (["a", "b>a", "c>b", "d>b"], []),
        (["a>a"], [0]),
        (["a>b", "b>a"], [0, 1]),
        (["a>b", "b>c", "c>a"], [0, 1, 2]),
        (["a>b", "b>a", "c>a"], [0, 1]),
        (["c>a", "a>b", "b>a", "d"], [1, 2]),
        (["a>b", "b>a", "c>d", "d>c"], [0, 1, 2, 3]),
    ],
)
@pytest.mark.parametrize(("part", "field"), [("participants", "on_behalf_of"), ("sources", "derived_from")])
def test_no_part_leads_back_to_itself(part: str, field: str, edges: list[str], circular: list[int]) -> None:
    assert places(**{part: chain(field, *edges)}) == [(part, index, field) for index in circular]


@pytest.mark.parametrize(
    ("edges", "circular"),
    [
        (["a", "b", "c>a+b", "d>a+c"], []),
        (["a", "b>a+c", "c>b"], [1, 2]),
        (["a>b", "b>a+c", "c"], [0, 1]),
        # c lies between two cycles and in neither.
        (["a>b+c", "b>a", "c>d", "d>e", "e>d"], [0, 1, 3, 4]),
    ],
)
def test_a_source_of_several_does_not_lead_back_to_itself(edges: list[str], circular: list[int]) -> None:
    faults = places(sources=chain("derived_from", *edges))
    assert faults == [("sources", index, "derived_from") for index in circular]


def test_the_longest_chain_is_followed_to_its_end() -> None:
    people = chain("on_behalf_of", "p0", *(f"p{index}>p{index - 1}" for index in range(1, 500)))
    assert places(participants=people) == []
    assert len(places(participants=[people[-1] | {"id": "p0", "on_behalf_of": "p499"}, *people[1:]])) == 500


@pytest.mark.parametrize(
    ("figure", "faults"),
    [
        ({}, []),
        ({"currency": "EUR"}, []),
        ({"unit": "%"}, []),
        ({"currency": "EUR", "unit": "%"}, [("figures", 0, "unit")]),
    ],
)
def test_a_figure_has_one_unit(figure: Record, faults: list[Path]) -> None:
    assert places(figures=[figure]) == faults


@pytest.mark.parametrize(
    ("relation", "faults"),
    [
        ({"event": "e"}, []),
        ({"uri": "u"}, []),
        ({}, [("relations", 0, "event")]),
        ({"event": "e", "uri": "u"}, [("relations", 0, "event")]),
    ],
)
def test_a_relation_has_an_event_or_a_uri(relation: Record, faults: list[Path]) -> None:
    assert places(relations=[relation]) == faults


def test_every_fault_is_reported_with_a_sentence() -> None:
    record = a_record(
        dates=[{"id": "a", "resolves": "x"}],
        sources=[{"id": "s", "derived_from": ["s", "x"]}],
        citations=[{"fact": "figures/x", "source": "x"}],
        external_ids=[{"scheme": "a", "value": "1"}] * 2,
    )
    faults = list(findings(record))
    assert {path for path, _ in faults} == {
        ("dates", 0, "resolves"),
        ("sources", 0, "derived_from"),
        ("sources", 0, "derived_from", 1),
        ("citations", 0, "fact"),
        ("citations", 0, "source"),
        ("external_ids", 1),
    }
    assert all(sentence.endswith(".") for _, sentence in faults)


def test_every_check_has_a_docstring() -> None:
    assert all(check.__doc__ for check in CHECKS)
