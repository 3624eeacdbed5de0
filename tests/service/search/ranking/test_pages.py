"""Searches in a large collection: numbers by a sample, ranking by months, and all pages to the last one."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from service.db.embedded_postgres import Server
from service.search.filter import Is, Words
from service.search.filters.sql import pushdown
from service.search.ranking.pages import SearchPage, first_page, next_page
from service.search.ranking.position import MatchCount
from service.search.text.query_compiler import compile_query
from service.store.condition import Condition
from service.store.search.conditions import EVERY_EVENT, SearchFilter
from service.store.search.statistics import SAMPLE, count_matches, estimate_matches, measure_collection
from service.store.search.tsquery import Lexeme, TsQuery

#: Events, of which every second has one word, every tenth another, and forty a third.
EVENTS = SAMPLE + 8_000


def word(text: str) -> TsQuery:
    """Return the query for one word."""
    return TsQuery((Lexeme(text),))


@pytest.fixture(scope="module")
def many(cluster: Server, admin: psycopg.Connection, template_database: str) -> Iterator[psycopg.Connection]:
    """Return a connection to a database of many events, which all tests of this module read."""
    name = "policytrail_many_words"
    create = SQL("CREATE DATABASE {} TEMPLATE {}")
    admin.execute(create.format(Identifier(name), Identifier(template_database)))
    with psycopg.connect(cluster.dsn(name), autocommit=True) as conn:
        conn.execute(
            """
            INSERT INTO event (id, version, record_state, event_type, parties, affected, jurisdictions, topics, tags,
                               title_key, date_earliest, created_at, updated_at, content_changed_at, document)
            SELECT md5(n::text)::uuid, 1, 'active', 'other',
                   CASE WHEN mod(n, 100) = 0 THEN '{JP}'::text[] ELSE '{}' END,
                   '{}', '{}', '{}', '{}', '',
                   CASE WHEN mod(n, 50) > 0 THEN date '2000-01-01' + mod(n * 7919, 9000) END, now(), now(), now(), '{}'
              FROM generate_series(1, %(events)s) AS n
            """,
            {"events": EVENTS},
        )
        conn.execute(
            """
            INSERT INTO event_search (event_id, month, bucket, day, length, words, facets, tsv)
            SELECT id, coalesce(extract(year FROM date_earliest) * 12 + extract(month FROM date_earliest) - 1, 0),
                   get_byte(uuid_send(id), 15) & 63, coalesce(date_earliest, '-infinity'), 4, 4,
                   CASE WHEN mod(n, 100) = 0 THEN '{party:JP}'::text[] ELSE '{}' END,
                   to_tsvector('simple', concat_ws(' ', 'all', CASE WHEN mod(n, 2) = 0 THEN 'half half' END,
                                                   CASE WHEN mod(n, 10) = 0 THEN 'tenth' END,
                                                   CASE WHEN mod(n, 600) = 0 THEN 'rare' END))
              FROM generate_series(1, %(events)s) AS n
              JOIN event ON id = md5(n::text)::uuid
            """,
            {"events": EVENTS},
        )
        conn.execute("VACUUM ANALYZE event_search")
        conn.execute("VACUUM ANALYZE event")
        yield conn
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def test_a_large_collection_is_measured_by_a_sample(many: psycopg.Connection) -> None:
    collection = measure_collection(many)
    assert collection.events == pytest.approx(EVENTS, rel=0.05)
    assert (collection.average_length, collection.average_words) == (4.0, 4.0)
    assert collection.months == sorted(collection.months, reverse=True)
    assert sum(events for _, events in collection.months) == pytest.approx(EVENTS, rel=0.06)


def test_rare_words_are_counted_exactly(many: psycopg.Connection) -> None:
    rare, tenth, everywhere = count_matches(many, [word("rare"), word("tenth"), word("all")], EVENTS)
    assert (rare.value, rare.exact) == (EVENTS // 600, True)
    assert (tenth.value, tenth.exact) == (EVENTS // 10, True)
    assert everywhere.value == pytest.approx(EVENTS, rel=0.2)
    assert estimate_matches(many, word("half"), EVERY_EVENT, EVENTS) == pytest.approx(EVENTS / 2, rel=0.3)


def test_the_pages_of_a_capped_search_have_every_match_once(many: psycopg.Connection) -> None:
    pages = list(walk(many, "half"))
    ids = [event.id for page in pages for event in page.events]
    assert len(ids) == len(set(ids)) == EVENTS // 2
    scored = pages[0].matches.scored
    assert (pages[0].is_capped, pages[0].matches.is_exact) == (True, False)
    assert 100 < scored < 2_000
    scores = [event.score for page in pages for event in page.events]
    ranked = [score for score in scores if score is not None]
    assert len(ranked) == scored
    assert scores[:scored] == ranked == sorted(ranked, reverse=True)


def test_the_pages_of_a_search_with_most_events_ranked_have_every_match_once(many: psycopg.Connection) -> None:
    pages = list(walk(many, "tenth", cap=1_000))
    assert pages[0].ranking.region
    assert not pages[0].ranking.region.by_index
    ids = [event.id for page in pages for event in page.events]
    assert len(ids) == len(set(ids)) == EVENTS // 10
    assert sum(event.score is not None for page in pages for event in page.events) == pages[0].matches.scored > 500


def test_the_rarest_of_many_words_are_counted_exactly(many: psycopg.Connection) -> None:
    half, rare, tenth = word("half"), word("rare"), word("tenth")
    queries = [half, rare, word("all"), TsQuery.any([tenth, rare]), TsQuery.all([half, tenth]), word("never")]
    counts = count_matches(many, queries, EVENTS)
    assert [count.exact for count in counts] == [True, True, False, True, True, True]
    more = count_matches(many, [TsQuery.any([half, word(f"never{number}")]) for number in range(10)], EVENTS)
    assert [count.exact for count in more] == [True] + [False] * 9
    assert all(count.value == pytest.approx(EVENTS / 2, rel=0.3) for count in more)


def test_a_filter_with_few_matches_loses_none(many: psycopg.Connection) -> None:
    condition = Condition("{row}.parties && {}::text[]", (["JP"],))
    for by_party in (SearchFilter.on_event(condition), pushdown(Is("party", ("JP",)))):
        pages = list(walk(many, "half", by_party))
        assert sum(len(page.events) for page in pages) == EVENTS // 100
        assert not pages[0].is_capped


def test_the_pages_of_partial_matches_have_every_match_once(many: psycopg.Connection) -> None:
    pages = list(walk(many, "rare tenth never"))
    ids = [event.id for page in pages for event in page.events]
    assert len(ids) == len(set(ids)) == EVENTS // 10
    assert pages[0].matches == MatchCount(0, 0, is_exact=True)
    assert pages[0].partial
    assert pages[0].unmatched == ["never"]
    best = {event.id for event in pages[0].events[: EVENTS // 600]}
    assert best == {event.id for page in walk(many, "rare") for event in page.events}


def test_alternatives_with_the_rarest_words_are_ranked_from_all_months(many: psycopg.Connection) -> None:
    pages = list(walk(many, "half OR rare"))
    ids = [event.id for page in pages for event in page.events]
    assert len(ids) == len(set(ids)) == EVENTS // 2
    assert pages[0].ranking.region is None
    best = {event.id for event in pages[0].events[: EVENTS // 600]}
    assert best == {event.id for page in walk(many, "rare") for event in page.events}


def test_words_without_events_do_not_prevent_a_ranking(many: psycopg.Connection) -> None:
    never = " ".join(f"never{number}" for number in range(12))
    page, *_ = walk(many, f"{never} rare tenth half all")
    assert page.partial
    assert page.partial.scored >= EVENTS // 600
    assert page.unmatched == never.split()
    best = {event.id for event in page.events[: EVENTS // 600]}
    assert best == {event.id for page in walk(many, "rare") for event in page.events}


def walk(
    conn: psycopg.Connection, q: str, filter: SearchFilter = EVERY_EVENT, *, cap: int = 500
) -> Iterator[SearchPage]:
    """All pages of what words find."""
    words = compile_query(Words(q), ())
    page = first_page(conn, words, filter, 1_000, cap=cap)
    yield page
    while page.next:
        page = next_page(conn, words, filter, 1_000, cap=cap, position=page.next)
        yield page


def test_a_search_that_only_excludes_lists_the_newest_events(many: psycopg.Connection) -> None:
    pages = list(walk(many, "-half"))
    ids = [event.id for page in pages for event in page.events]
    assert len(ids) == len(set(ids)) == EVENTS // 2
    assert {event.score for page in pages for event in page.events} == {None}
