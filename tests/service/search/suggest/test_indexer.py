"""The index of suggestions follows the changes of events."""

import psycopg
from flask.testing import FlaskClient

from service.config import MIGRATIONS
from service.feed.sequencer import catch_up
from service.search.suggest.indexer import index_names_once
from tests.factories import create_event, create_topic
from tests.service.search.suggestion_index import offered, party, update_suggestions

#: It counts all events anew, but for the changes that are not sequenced yet.
MIGRATION = MIGRATIONS / "0022_spelling.sql"


def test_names_follow_the_changes_of_events(client: FlaskClient, database: str) -> None:
    first = create_event(client, participants=[party("Ministry of Trade")])
    second = create_event(client, participants=[party("Ministry of Trade")])
    create_topic(client, "trade", labels={"en": "Ministerial trade"})
    update_suggestions(database)
    assert offered(client, "minist") == [("topic", "Ministerial trade"), ("participant", "Ministry of Trade")]
    headers = {"If-Match": "*"}
    client.patch(f"/v1/events/{first['id']}", json={"participants": [party("Ministry of Food")]}, headers=headers)
    client.patch(f"/v1/events/{first['id']}", json={"tags": ["x"]}, headers=headers)
    client.patch("/v1/topics/trade", json={"labels": {"en": "Commerce"}}, headers=headers)
    update_suggestions(database)
    assert [text for _, text in offered(client, "minist")] == ["Ministry of Food", "Ministry of Trade"]
    client.delete(f"/v1/events/{second['id']}", headers=headers)
    client.delete("/v1/topics/trade", headers=headers)
    update_suggestions(database)
    assert offered(client, "minist") == [("participant", "Ministry of Food")]
    assert offered(client, "commerce") == []


def test_a_merge_moves_the_names_to_the_other_event(client: FlaskClient, database: str) -> None:
    goes = create_event(client, participants=[party("Ministry of Trade")])
    stays = create_event(client, participants=[party("Ministry of Food")])
    client.post(f"/v1/events/{goes['id']}/merge", json={"into": stays["id"]}, headers={"If-Match": "*"})
    update_suggestions(database)
    counts = "SELECT value, events FROM facet_value WHERE facet = 'participant' ORDER BY value"
    with psycopg.connect(database) as conn:
        names: dict[str, int] = dict(conn.execute(counts).fetchall())
        current = client.get(f"/v1/events/{stays['id']}").get_json()["participants"]
    assert names == dict.fromkeys({who["name"] for who in current}, 1)


def test_one_process_at_a_time_indexes_names_and_no_change_twice(client: FlaskClient, database: str) -> None:
    create_event(client, participants=[party("Ministry of Trade")])
    with psycopg.connect(database, autocommit=True) as one, psycopg.connect(database, autocommit=True) as other:
        catch_up(one)
        with one.transaction():
            assert index_names_once(one) > 0
            with other.transaction():
                assert index_names_once(other) == 0
        with other.transaction():
            assert index_names_once(other) == 0


def test_a_recount_of_all_events_gives_the_same_numbers(client: FlaskClient, database: str) -> None:
    create_topic(client, "trade")
    first = create_event(client, title="Trade act", lang="en", topics=[{"id": "trade"}], tags=["x"])
    create_event(client, title="Loi sur le commerce", lang="fr")
    gone = create_event(client, title="Gone")
    update_suggestions(database)
    headers = {"If-Match": "*"}
    client.delete(f"/v1/events/{gone['id']}", headers=headers)
    client.patch(f"/v1/events/{first['id']}", json={"title": "Commerce act"}, headers=headers)
    _, with_, statement = MIGRATION.read_text().partition("WITH moved")
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("TRUNCATE vocabulary, facet_value")
        conn.execute(f"{with_}{statement}".encode())
        update_suggestions(database)
        words = conn.execute("SELECT word, lang, events FROM vocabulary WHERE length(word) > 2").fetchall()
        values = conn.execute("SELECT facet, value, events FROM facet_value WHERE facet IN ('tag', 'party')").fetchall()
    assert {*words} == {
        *(("act", "en", 1), ("commerce", "en", 1), ("japan", "en", 1), ("loi", "fr", 1), ("sur", "fr", 1)),
        *(("commerce", "fr", 1), ("japan", "fr", 1)),
    }
    assert {*values} == {("tag", "x", 1), ("party", "JP", 2)}


def test_a_value_counts_with_every_change_of_its_event(client: FlaskClient, database: str) -> None:
    event = create_event(client, title="Act", status="planned")
    update_suggestions(database)
    address, headers = f"/v1/events/{event['id']}", {"If-Match": "*"}
    client.patch(address, json={"status": "in_force", "tags": ["x"]}, headers=headers)
    client.patch(address, json={"sources": [{"type": "report", "publisher": "Gazette"}]}, headers=headers)
    update_suggestions(database)
    with psycopg.connect(database) as conn:
        rows = conn.execute("SELECT facet, value, events FROM facet_value").fetchall()
    assert {*rows} >= {("status", "in_force", 1), ("tag", "x", 1), ("source_publisher", "Gazette", 1)}
    assert not any(value == "planned" for _, value, _ in rows)
    assert {events for _, _, events in rows} == {1}
