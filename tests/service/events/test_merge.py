"""The merge of any two records."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import NewEventSchema
from service.events.merge import fact_names, merge, source_ids
from service.events.normalize import normalize
from tests.factories import an_event

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE, THERE, ELSEWHERE = (f"01a2051a-f382-7449-a09b-00000000000{number}" for number in range(3))

_NEW = NewEventSchema()

ids = st.sampled_from(["a", "b", "a-2", "report", "x.y"])
urls = st.sampled_from([None, "https://a.example/1", "http://www.a.example/1/", "https://b.example"])
titles = st.sampled_from([None, "One", "Two"])


@st.composite
def records(draw: st.DrawFn, id: str) -> dict[str, Any]:
    """Return a stored record with the id `id` and few distinct names, so that two records often share facts."""
    names = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    sources = [
        {
            "id": name,
            "type": "report",
            "url": draw(urls),
            "title": draw(titles),
            # References lead to earlier members only, so that there is no cycle.
            "derived_from": draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else [],
        }
        for place, name in enumerate(names)
    ]
    people = [
        {"id": one, "name": draw(st.sampled_from(["Japan", "EU"])), "role": "party"}
        for one in draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    ]
    figures = [
        {"id": one, "measure": "cost", "value": "1", "subject": draw(st.sampled_from([who["id"] for who in people]))}
        for one in draw(st.lists(ids, max_size=3, unique=True))
    ]
    facts = ["title", *(f"participants/{one['id']}" for one in people), *(f"figures/{one['id']}" for one in figures)]
    citations = st.fixed_dictionaries(
        {"fact": st.sampled_from(facts), "source": st.sampled_from(names), "stance": st.just("supports")}
    )
    ends = st.sampled_from([HERE, THERE, ELSEWHERE])
    relations = st.fixed_dictionaries({"type": st.sampled_from(["cites", "related"]), "event": ends})
    event = an_event(
        title=draw(st.sampled_from(["One", "Two"])),
        participants=people,
        figures=figures,
        sources=sources,
        citations=draw(st.lists(citations, max_size=5)),
        relations=[one for one in draw(st.lists(relations, max_size=3)) if one["event"] != id],
        tags=draw(st.lists(titles.filter(bool), max_size=2)),
    )
    return normalize(_NEW.load(event), id=id, now=NOON)


@given(stays=records(HERE), goes=records(THERE))
@settings(max_examples=80, deadline=None)
def test_the_merge_of_two_records_is_a_valid_record(stays: dict[str, Any], goes: dict[str, Any]) -> None:
    content = _NEW.load(merge(stays, goes).content)  # refuses a citation or a source with an unknown reference
    assert normalize(content, id=HERE, now=NOON, before=stays)["sources"][: len(stays["sources"])] == stays["sources"]
    assert {relation["event"] for relation in content["relations"]} <= {ELSEWHERE}


@given(stays=records(HERE), goes=records(THERE))
@settings(max_examples=80, deadline=None)
def test_every_citation_is_kept_or_named(stays: dict[str, Any], goes: dict[str, Any]) -> None:
    merged = merge(stays, goes)
    facts, sources = fact_names(stays, goes), source_ids(stays, goes)
    for citation in goes["citations"]:
        moved = {"fact": facts.get(citation["fact"]), "source": sources[citation["source"]]}
        assert (citation["fact"] in merged.dropped_facts) == (citation | moved not in merged.content["citations"])
    assert all(fact in merged.content["change"]["reason"] for fact in merged.dropped_facts)


@given(stays=records(HERE), goes=records(THERE))
@settings(max_examples=40, deadline=None)
def test_merging_the_same_record_again_adds_no_source(stays: dict[str, Any], goes: dict[str, Any]) -> None:
    once = stays | merge(stays, goes).content
    again = merge(once, goes).content
    assert [again[name] for name in ("sources", "relations", "tags")] == [
        once[name] for name in ("sources", "relations", "tags")
    ]


def record(**fields: Any) -> dict[str, Any]:
    return normalize(_NEW.load(an_event(**fields)), id=HERE, now=NOON)


def test_a_fact_with_equal_content_is_the_same_under_any_id() -> None:
    def one(prefix: str, **figure: Any) -> dict[str, Any]:
        who = [{"id": f"{prefix}jp", "name": "Japan", "role": "party", "jurisdiction": "JP"}]
        money = {"id": f"{prefix}money", "measure": "cost", "value": "7", "subject": f"{prefix}jp"} | figure
        dates = [{"id": f"{prefix}start", "kind": "launched", "edtf": "2024-04", "modality": "actual"}]
        return record(title="Same", status="agreed", participants=who, figures=[money], dates=dates)

    same = {"title": "title", "event_type": "event_type", "status": "status", "participants/jp": "participants/b-jp"}
    assert fact_names(one("b-"), one("")) == same | {"dates/start": "dates/b-start", "figures/money": "figures/b-money"}
    assert fact_names(one("b-", label="Else", as_reported="7"), one("")) == fact_names(one("b-"), one(""))
    assert fact_names(one("b-", value="8"), one("")) == same | {"dates/start": "dates/b-start"}
    assert fact_names(one("b-") | {"title": "Other"}, one("")).keys() == fact_names(one("b-"), one("")).keys() - {
        "title"
    }


def test_many_dropped_facts_are_counted_and_some_named() -> None:
    names = [{"id": f"n{number:02}-{'x' * 60}", "value": f"Name {number}"} for number in range(20)]
    cited = [{"fact": f"names/{name['id']}", "source": "report", "stance": "supports"} for name in names]
    merged = merge(record(), record(names=names, citations=cited) | {"id": THERE})
    reason = merged.content["change"]["reason"]
    assert reason.startswith(f"Merged with the event {THERE}. 20 citations of facts that this record lacks")
    assert reason.endswith(f"{names[9]['id']} and others.")
    _NEW.load(merged.content)
