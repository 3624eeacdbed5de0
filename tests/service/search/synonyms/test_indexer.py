"""The indexer of synonyms: it counts what events explain, follows their changes, and reads the labels of topics."""

import psycopg
from flask.testing import FlaskClient

from service.feed.sequencer import catch_up
from service.search.synonyms.indexer import index_synonyms_once, topic_synonyms
from tests.factories import create_event, create_topic
from tests.service.search.synonym_index import update_synonyms

CONTRIBUTION = "Nationally Determined Contribution (NDC)"


def acronyms(database: str) -> list[tuple[str, str, str, int, int, int]]:
    """Return the rows of acronyms."""
    update_synonyms(database)
    with psycopg.connect(database) as conn:
        return conn.execute(
            "SELECT short, phrase, lang, events, titles, ordinary FROM acronym ORDER BY short, phrase, lang"
        ).fetchall()


def synonyms(database: str) -> set[tuple[str, str, str]]:
    """Return the rows of other synonyms."""
    update_synonyms(database)
    with psycopg.connect(database) as conn:
        return set(conn.execute("SELECT key, other, source FROM synonym").fetchall())


def test_acronyms_are_counted_by_language(client: FlaskClient, database: str) -> None:
    create_event(client, title=f"Update of the {CONTRIBUTION}", lang="en", summary=f"The {CONTRIBUTION}.")
    create_event(client, title="Its plan", lang="en-GB", description="Nationally determined contributions (NDCs).")
    create_event(client, title="Plan", lang="fr", summary="Ministère de la Transition écologique (MTE).")
    create_event(client, title="Plan", summary=f"{CONTRIBUTION} of Chile")
    assert acronyms(database) == [
        ("MTE", "Ministère de la Transition écologique", "fr", 1, 0, 0),
        ("NDC", "Nationally Determined Contribution", "", 1, 0, 0),
        ("NDC", "Nationally Determined Contribution", "en", 2, 1, 0),
    ]


def test_changes_and_deletions_are_followed(client: FlaskClient, database: str) -> None:
    one = create_event(client, title=CONTRIBUTION, lang="en")
    other = create_event(client, title="Plan", summary=CONTRIBUTION, lang="en")
    [row] = acronyms(database)
    assert row[3:5] == (2, 1)
    headers = {"If-Match": f'"{other["version"]}"', "Content-Type": "application/merge-patch+json"}
    patch = {"summary": "Without it.", "change": {"kind": "correction"}}
    assert client.patch(f"/v1/events/{other['id']}", json=patch, headers=headers).status_code == 200
    [row] = acronyms(database)
    assert row[3:5] == (1, 1)
    assert client.delete(f"/v1/events/{one['id']}", headers={"If-Match": '"1"'}).status_code in (200, 204)
    assert acronyms(database) == []


def test_ordinary_words_are_counted(client: FlaskClient, database: str) -> None:
    create_event(client, title="Safer Affordable Fuel Efficiency (SAFE) rule", lang="en")
    create_event(client, title="Safe roads", lang="en", summary="They are safe.")
    create_event(client, title="A safe harbour", lang="en")
    create_event(client, title="The SAFE rule", lang="en")
    assert acronyms(database) == [("SAFE", "Safer Affordable Fuel Efficiency", "en", 1, 1, 2)]


def test_topics_give_their_labels_by_language(client: FlaskClient, database: str) -> None:
    create_topic(
        client, "batteries", labels={"en": "Batteries", "de": "Batterien"}, alt_labels={"en": ["Accumulators"]}
    )
    create_topic(client, "steel", labels={"en": "Steel"})
    assert synonyms(database) == {
        ("batterie", "Accumulators", "topic:batteries"),
        ("accumulator", "Batteries", "topic:batteries"),
    }


def test_a_changed_and_a_deleted_topic_are_followed(client: FlaskClient, database: str) -> None:
    topic = create_topic(client, "ev", labels={"en": "EV"}, alt_labels={"en": ["Electric vehicles"]})
    assert len(synonyms(database)) == 2
    changed = {"labels": {"en": "EV"}, "alt_labels": {"en": ["Electric cars"]}}
    headers = {"If-Match": f'"{topic["version"]}"'}
    assert client.put("/v1/topics/ev", json={"id": "ev", **changed}, headers=headers).status_code == 200
    assert ("ev", "Electric cars", "topic:ev") in synonyms(database)
    assert client.delete("/v1/topics/ev", headers={"If-Match": f'"{topic["version"] + 1}"'}).status_code == 204
    assert synonyms(database) == set()


def test_the_labels_of_a_topic_are_bounded() -> None:
    labels = [f"label {number}" for number in range(30)]
    assert len(topic_synonyms({"labels": {}, "alt_labels": {"en": labels}})) == 10 * 9
    assert topic_synonyms({"labels": {"en": "Battery"}, "alt_labels": {"en": ["battery"]}}) == []


def test_one_process_indexes_at_a_time(client: FlaskClient, database: str) -> None:
    create_event(client, title=CONTRIBUTION)
    with psycopg.connect(database) as one, psycopg.connect(database) as other:
        catch_up(one)
        one.commit()
        with one.transaction():
            assert index_synonyms_once(one) > 0
            with other.transaction():
                assert index_synonyms_once(other) == 0
    assert len(acronyms(database)) == 1
