"""Conditions on rows of event_search, and filters that are decided there and by the events."""

from service.store.condition import FALSE, TRUE, Condition
from service.store.search.conditions import EVERY_EVENT, SearchFilter, has_search_row, matches_tsquery
from service.store.search.tsquery import Lexeme, TsQuery

A, B, C = map(Lexeme, "abc")
JAPAN = Condition("{row}.facets && {}::text[]", (["party:JP"],))
NEW = Condition("{row}.created_at > {}", ("2026",))


def test_a_condition_has_a_parameter_for_each_conjunct() -> None:
    condition = matches_tsquery(TsQuery((A, B), none_of=(C,)))
    assert condition.render("event", "words") == (
        "(event.tsv @@ %(words_0)s::tsquery) AND (event.tsv @@ %(words_1)s::tsquery)"
    )
    assert condition.parameters("words") == {"words_0": TsQuery((A,), none_of=(C,)), "words_1": TsQuery((B,))}


def test_a_condition_that_only_excludes_does_not_use_the_index() -> None:
    condition = matches_tsquery(TsQuery(none_of=(A,)))
    assert condition.render("search", "x") == "(search.tsv @@ %(x_0)s::tsquery) IS TRUE"


def test_an_event_has_a_search_row_that_meets_a_condition() -> None:
    condition = has_search_row(JAPAN)
    assert condition.render("candidate") == (
        "EXISTS (SELECT FROM event_search AS words"
        " WHERE words.event_id = candidate.id AND (words.facets && %(filter_0)s::text[]))"
    )
    assert condition.values == (["party:JP"],)
    assert has_search_row(FALSE) == FALSE


def test_a_filter_joins_the_event_only_where_that_decides_something() -> None:
    in_search = SearchFilter(NEW, JAPAN, TRUE, TRUE)
    assert (in_search.sql.join(), in_search.sql.conditions()) == ("", ["(search.facets && %(search_0)s::text[])"])
    by_event = SearchFilter.on_event(NEW)
    assert by_event.sql.join() == "JOIN event ON event.id = search.event_id"
    assert by_event.sql.conditions() == ["event.record_state = 'active'", "(event.created_at > %(rest_0)s)"]
    assert by_event.parameters == {"filter_0": "2026", "rest_0": "2026"}


def test_rows_of_the_past_are_decided_by_the_event() -> None:
    sql = SearchFilter(NEW, JAPAN, TRUE, TRUE).sql
    assert sql.join(current=False) == "JOIN event ON event.id = search.event_id"
    assert sql.conditions(current=False) == ["event.record_state = 'active'", "(event.created_at > %(filter_0)s)"]


def test_the_filter_that_every_event_passes_has_no_conditions() -> None:
    for current in (True, False):
        assert EVERY_EVENT.sql.join(current=current) == ""
        assert EVERY_EVENT.sql.conditions(current=current) == []
