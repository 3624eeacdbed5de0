"""The verification of an event, by its sources and citations."""

from typing import Any

import pytest

from schemas.events import NewEventSchema
from schemas.vocabulary import Verification
from service.events.verification import is_disputed, verification
from tests.factories import an_event

PEOPLE = [
    {"id": "jp", "name": "Japan", "role": "party"},
    {"id": "meti", "name": "Ministry of Economy", "role": "implementer", "on_behalf_of": "jp"},
    {"id": "desk", "name": "Press Desk", "role": "spokesperson", "on_behalf_of": "meti"},
    {"id": "cn", "name": "China", "role": "affected"},
]
NAMES = [{"id": "short", "value": "The policy"}]
DATES = [{"id": "start", "kind": "launched", "edtf": "2024", "modality": "actual"}]
FIGURES = [{"id": "budget", "measure": "budget", "value": "1"}]
STATEMENTS = [{"id": "promise", "text": "We will."}]

Record = dict[str, Any]


def source(id: str, *derived_from: str, **fields: Any) -> Record:
    """Return a source that derives from `derived_from`."""
    return {"id": id, "type": "report", "derived_from": list(derived_from), **fields}


def cited(fact: str, source: str, stance: str = "supports") -> Record:
    """Return a citation."""
    return {"fact": fact, "source": source, "stance": stance}


def a_record(sources: list[Record], citations: list[Record]) -> Record:
    """Return an event with a fact of every kind, these sources and these citations."""
    facts = {"names": NAMES, "dates": DATES, "figures": FIGURES, "statements": STATEMENTS, "participants": PEOPLE}
    loaded = NewEventSchema().load(an_event(status="planned", **facts, sources=sources, citations=citations))
    return dict(loaded)


A, B, C = source("a"), source("b"), source("c")


@pytest.mark.parametrize(
    ("sources", "citations", "word"),
    [
        # A source without citations supports the whole event.
        ([A], [], "single_source"),
        ([A, B], [], "corroborated"),
        ([A, B], [cited("title", "a")], "corroborated"),
        ([A, B], [cited("figures/budget", "a")], "single_source"),
        # Derived sources count as the independent sources behind them.
        ([A, source("b", "a")], [], "single_source"),
        ([A, source("b", "a"), source("c", "b")], [], "single_source"),
        ([A, source("b", "a"), source("c", "a")], [cited("title", "b"), cited("status", "c")], "single_source"),
        ([A, B, source("c", "a", "b")], [], "corroborated"),
        ([A, source("b", "a"), C], [cited("title", "b"), cited("title", "c")], "corroborated"),
        ([A, source("b", "a"), C], [cited("title", "b"), cited("figures/budget", "c")], "single_source"),
        # A source of side facts alone does not verify the event.
        ([A], [cited("figures/budget", "a")], "unverified"),
        ([A], [cited("statements/promise", "a")], "unverified"),
        ([A], [cited("participants/cn", "a")], "unverified"),
        ([A, B], [cited("figures/budget", "a"), cited("statements/promise", "b")], "unverified"),
        ([A], [cited("title", "a", "clarifies")], "unverified"),
        # A source behind another one, without citations, is not counted in addition.
        ([A, source("b", "a")], [cited("figures/budget", "b")], "unverified"),
        # Each core fact does.
        *(
            ([A, B], [cited(fact, "a"), cited("figures/budget", "b")], "single_source")
            for fact in ("title", "summary", "event_type", "status", "names/short", "dates/start", "participants/jp")
        ),
        ([A, B], [cited("title", "a"), cited("dates/start", "b")], "corroborated"),
        ([A], [cited("title", "a"), cited("figures/budget", "a"), cited("title", "a")], "single_source"),
        # A dispute about any fact takes precedence until another source clarifies it.
        ([A, B], [cited("title", "a"), cited("title", "b", "contradicts")], "disputed"),
        ([A, B], [cited("title", "a"), cited("figures/budget", "b", "contradicts")], "disputed"),
        ([A], [cited("title", "a", "contradicts")], "disputed"),
    ],
)
def test_the_word_follows_from_the_evidence(sources: list[Record], citations: list[Record], word: str) -> None:
    assert verification(a_record(sources, citations)) == word


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"tier": "primary", "publisher": "Japan"}, "official"),
        ({"tier": "primary", "publisher": "  JAPAN "}, "official"),
        ({"tier": "primary", "publisher": "\uff2aapan"}, "official"),
        ({"tier": "primary", "publisher": "Ministry of  Economy"}, "official"),
        ({"tier": "primary", "publisher": "Press Desk"}, "official"),
        ({"tier": "primary", "publisher": "China"}, "single_source"),
        ({"tier": "primary", "publisher": "Japan Times"}, "single_source"),
        ({"tier": "primary"}, "single_source"),
        ({"tier": "secondary", "publisher": "Japan"}, "single_source"),
        ({"publisher": "Japan"}, "single_source"),
    ],
)
def test_a_primary_source_of_a_party_or_its_deputy_is_official(fields: Record, word: str) -> None:
    assert verification(a_record([source("a", **fields)], [cited("title", "a")])) == word
    assert verification(a_record([source("a", **fields)], [])) == word


def test_a_partys_own_source_of_a_side_fact_is_not_official() -> None:
    own = source("own", tier="primary", publisher="Japan")
    assert verification(a_record([own, B], [cited("figures/budget", "own")])) == "single_source"


def test_a_dispute_takes_precedence_over_an_official_source() -> None:
    own = source("own", tier="primary", publisher="Japan")
    assert verification(a_record([own, B], [cited("title", "own"), cited("status", "b", "contradicts")])) == "disputed"


@pytest.mark.parametrize(
    ("citations", "disputed"),
    [
        ([], False),
        ([cited("title", "a"), cited("title", "b")], False),
        ([cited("title", "b", "contradicts")], True),
        ([cited("title", "b", "contradicts"), cited("title", "a", "supports")], True),
        ([cited("title", "b", "contradicts"), cited("title", "b", "clarifies")], True),
        ([cited("title", "b", "contradicts"), cited("status", "c", "clarifies")], True),
        ([cited("title", "b", "contradicts"), cited("title", "c", "clarifies")], False),
        ([cited("title", "c", "clarifies"), cited("title", "b", "contradicts")], False),
        (
            [cited("title", "b", "contradicts"), cited("title", "c", "clarifies"), cited("status", "b", "contradicts")],
            True,
        ),
    ],
)
def test_a_contradiction_is_a_dispute_until_another_source_clarifies_it(
    citations: list[Record], *, disputed: bool
) -> None:
    assert is_disputed(a_record([A, B, C], citations)) == disputed


def test_every_word_of_the_vocabulary_can_be_reached() -> None:
    own = source("own", tier="primary", publisher="Japan")
    evidence: list[tuple[list[Record], list[Record]]] = [
        ([A], [cited("figures/budget", "a")]),
        ([A], []),
        ([A, B], []),
        ([own], []),
        ([A], [cited("title", "a", "contradicts")]),
    ]
    assert [verification(a_record(*each)) for each in evidence] == list(Verification.words())
