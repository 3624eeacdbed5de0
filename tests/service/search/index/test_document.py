"""Search documents of events, stored and not stored, and their indexing."""

from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from schemas.events import NewEventSchema
from service.cli.main import main
from service.events.normalize import normalize
from service.ids import uuid7
from service.search.filter import Words
from service.search.filters.sql import words_condition
from service.search.index.document import passages, search_document, words_that_match
from service.search.index.reindex import index_events
from service.search.text.query_compiler import compile_query
from service.store.search.documents import list_languages
from tests.factories import an_event, create_event

QUERIES = [
    "battery",
    "batter*",
    '"battery law"',
    '"law battery"',
    "battery -law",
    "-battery",
    "battery NOT law",
    "battery NOT (steel OR Abkommen)",
    "battery NOT (law steel)",
    "NOT battery",
    "電池",
    "池電",
    "COM(2023)160",
    "Batterie OR acuerdos",
    "the",
    "the battery",
    "!?",
]


def a_record(**content: Any) -> dict[str, Any]:
    """Return a record as it is stored."""
    return normalize(NewEventSchema().load(an_event(**content)), id=str(uuid7()), now=datetime.now(UTC))


@pytest.mark.parametrize(
    "content",
    [
        {"title": "The battery law", "lang": "en"},
        {"title": "Law on batteries", "summary": "COM(2023)160", "lang": "en"},
        {"title": "Batterien", "lang": "de"},
        {"title": "Acuerdo de las partes", "names": [{"value": "次世代電池", "lang": "ja"}]},
        {"title": "Nothing of it"},
    ],
    ids=range(5),
)
def test_a_document_matches_the_searches_that_find_it(client: FlaskClient, content: dict[str, Any]) -> None:
    for lang in ("en", "de", "es"):  # languages in use
        create_event(client, title="Other", lang=lang)
    event = create_event(client, **content)
    texts = {
        q
        for q in QUERIES
        for item in client.get("/v1/events", query_string={"q": q, "sort": "title"}).get_json()["items"]
        if item["id"] == event["id"]
    }
    with client.application.extensions["policytrail"].database.reading() as conn:
        languages = list_languages(conn)
    searches = [Words(q) for q in QUERIES]
    assert {words.text for words in words_that_match(event, searches)} == texts
    compiled = [compile_query(words, languages) for words in searches]
    assert {words.text for words in words_that_match(event, compiled)} == texts


def test_only_compiled_words_are_a_condition() -> None:
    with pytest.raises(TypeError):
        words_condition(Words("battery"))


def test_a_text_that_is_there_several_times_counts_once() -> None:
    quote = {"exact": "We will.", "prefix": None, "suffix": None, "page": None}
    citation = {"fact": "title", "source": "report", "stance": "supports", "quote": quote}
    one = search_document(a_record(citations=[citation]))
    two = search_document(a_record(citations=[citation, citation | {"fact": "event_type"}]))
    assert one.tsv.positions == two.tsv.positions


def test_passages_have_their_path_and_language() -> None:
    record = a_record(
        title="Title",
        summary="Summary",
        lang="fr",
        names=[{"id": "n", "value": "Name", "lang": "en"}],
        participants=[{"id": "p", "name": "Who", "role": "party"}],
        sources=[{"id": "s", "type": "report", "title": "Source", "lang": "de"}],
    )
    assert [(one.path, one.weight, one.text, one.lang) for one in passages(record)] == [
        ("title", "A", "Title", "fr"),
        ("names/n", "A", "Name", "en"),
        ("summary", "B", "Summary", "fr"),
        ("participants/p", "C", "Who", "fr"),
        ("sources/s", "S", "Source", "de"),
    ]


@pytest.mark.parametrize("text", ["電" * 99_000, "a1 b2 " * 16_000, "".join(map(chr, range(0x4E00, 0x9000))) * 5])
def test_the_longest_texts_can_be_indexed(client: FlaskClient, text: str) -> None:
    statements = [{"text": text[start : start + 4_000], "kind": "factual"} for start in range(0, 40_000, 4_000)]
    event = create_event(client, title="Long", summary=text[:5_000], description=text[:99_000], statements=statements)
    page = client.get("/v1/events?q=long&fields=id").get_json()
    assert [item["id"] for item in page["items"]] == [event["id"]]


def test_events_without_a_search_document_are_indexed(client: FlaskClient, database: str) -> None:
    events = [create_event(client, title=f"Battery {number}") for number in range(3)]
    client.delete(f"/v1/events/{events[2]['id']}", headers={"If-Match": '"1"'})
    with psycopg.connect(database, autocommit=True) as conn:
        before = conn.execute("SELECT event_id, tsv, length, words FROM event_search ORDER BY 1").fetchall()
        conn.execute("DELETE FROM event_search WHERE event_id = %s", (events[0]["id"],))
        assert index_events(conn) == 1
        assert index_events(conn) == 0
        conn.execute("DELETE FROM event_search")
        batches: list[int] = []
        assert index_events(conn, again=True, on_batch=batches.append) == 2
        assert batches == [2]
        assert conn.execute("SELECT event_id, tsv, length, words FROM event_search ORDER BY 1").fetchall() == before


def test_events_of_an_earlier_analysis_are_indexed_again_without_former_rows(
    client: FlaskClient, database: str
) -> None:
    for number in range(2):
        create_event(client, title=f"Battery {number}")
    create_event(client, title="Newer")
    with psycopg.connect(database, autocommit=True) as conn:
        rows = conn.execute("SELECT event_id, tsv, analysis FROM event_search ORDER BY 1").fetchall()
        conn.execute("UPDATE event_search SET tsv = 'batteri:1A', analysis = 0 WHERE 'batteriEN'::tsquery @@ tsv")
        assert index_events(conn) == 2
        assert conn.execute("SELECT event_id, tsv, analysis FROM event_search ORDER BY 1").fetchall() == rows
        assert conn.execute("SELECT FROM event_search_past").fetchall() == []
        assert index_events(conn) == 0


def test_migrate_indexes_events(client: FlaskClient, database: str) -> None:
    create_event(client, title="Battery")
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DELETE FROM event_search")
    environment = {"DATABASE_URL": database}
    result = CliRunner().invoke(main, ["migrate"], env=environment)
    assert (result.exit_code, result.output) == (0, "Nothing to apply.\n1 events indexed.\n")
    result = CliRunner().invoke(main, ["index"], env=environment)
    assert (result.exit_code, result.output) == (0, "Nothing to index.\n")
    assert len(client.get("/v1/events?q=battery").get_json()["items"]) == 1


def test_an_update_that_changes_no_word_keeps_the_row(client: FlaskClient, database: str) -> None:
    event = create_event(client, title="Battery")
    patch = {"Content-Type": "application/merge-patch+json"}
    with psycopg.connect(database, autocommit=True) as conn:
        row = conn.execute("SELECT written, tsv FROM event_search").fetchall()
        answer = client.patch(
            f"/v1/events/{event['id']}", data=orjson.dumps({"status": "adopted"}), headers=patch | {"If-Match": '"1"'}
        )
        assert answer.status_code == 200
        assert conn.execute("SELECT written, tsv FROM event_search").fetchall() == row
        assert conn.execute("SELECT count(*) FROM event_search_past").fetchone() == (0,)
        answer = client.patch(
            f"/v1/events/{event['id']}", data=orjson.dumps({"title": "Mine"}), headers=patch | {"If-Match": '"2"'}
        )
        assert answer.status_code == 200
        assert conn.execute("SELECT tsv FROM event_search_past").fetchall() == [row[0][1:]]


def test_former_words_are_deleted_after_an_hour(client: FlaskClient, database: str) -> None:
    event = create_event(client, title="One")
    with psycopg.connect(database, autocommit=True) as conn:
        for version, title in enumerate(("Two", "Three"), start=1):
            answer = client.patch(
                f"/v1/events/{event['id']}",
                data=orjson.dumps({"title": title}),
                headers={"Content-Type": "application/merge-patch+json", "If-Match": f'"{version}"'},
            )
            assert answer.status_code == 200
            conn.execute("UPDATE event_search_past SET ended_at = now() - interval '2 hours'")
        client.put(f"/v1/events/{event['id']}", json=an_event(title="Four"), headers={"If-Match": '"3"'})
        assert conn.execute("SELECT count(*) FROM event_search_past").fetchone() == (1,)


def test_a_text_of_300_words_is_not_toasted(client: FlaskClient, database: str) -> None:
    words = " ".join("word" + "".join("abcdefghij"[int(digit)] for digit in str(number)) for number in range(300))
    event = create_event(client, summary=words)
    changed = client.put(f"/v1/events/{event['id']}", json=an_event(title="Other"), headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    create_event(client, summary=words)
    with psycopg.connect(database) as conn:
        apart = conn.execute(
            """
            SELECT relname, pg_relation_size(reltoastrelid)
              FROM pg_class
             WHERE relname IN ('event_search', 'event_search_past')
             ORDER BY relname
            """
        ).fetchall()
    assert apart == [("event_search", 0), ("event_search_past", 0)]
