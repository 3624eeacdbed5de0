"""`policytrail erase`: nothing but the tombstone is left in any table, and every follower drops the event."""

from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from psycopg.sql import SQL, Identifier

from service import store
from service.cli.main import main
from service.ids import uuid7
from service.search.suggest.indexer import index_names_once
from tests.deliveries import an_attempt, claim_all_shards, list_deliveries, make_subscription, match
from tests.factories import a_full_event, an_event, create_event, create_topic

#: A word of the record to erase.
MARKER = "zxqvmarker"


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that erases an event."""
    monkeypatch.setenv("DATABASE_URL", database)

    def erase(id_: str, *options: str, answer: str = "") -> Result:
        return CliRunner().invoke(main, ["erase", id_, *(options or ["--yes"])], input=answer)

    return erase


def tables_with(conn: psycopg.Connection, text: str) -> list[str]:
    """Return the tables, of the service and of PostgreSQL, in which a row contains the text."""
    tables = conn.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'pg_catalog') ORDER BY 2"
    ).fetchall()
    query = SQL("SELECT EXISTS (SELECT FROM {} AS row WHERE row::text ILIKE ANY (%s))")
    patterns = [f"%{text}%", f"%{text.encode().hex()}%"]
    return [
        name
        for schema, name in tables
        if conn.execute(query.format(Identifier(schema, name)), (patterns,)).fetchone() == (True,)
    ]


def marked(**fields: Any) -> dict[str, Any]:
    """Return an event with the marker in all kinds of its parts."""
    source = {
        "id": "one",
        "type": "report",
        "url": f"https://example.org/{MARKER}",
        "title": f"The {MARKER} act",
        "publisher": MARKER,
    }
    return an_event(
        title=f"A {MARKER} title",
        summary=f'About "{MARKER}" and more',
        tags=[MARKER],
        participants=[{"name": f"{MARKER} Agency", "role": "party"}],
        external_ids=[{"scheme": "tracker", "value": f"{MARKER}-1"}],
        sources=[source],
        change={"kind": "correction", "reason": f"{MARKER} asked for it"},
        **fields,
    )


def test_no_table_contains_a_text_of_an_erased_event(
    client: FlaskClient, feed: psycopg.Connection, database: str, run: Any
) -> None:
    other = create_event(client, title="Another event")
    subscription, worker = make_subscription(feed), uuid7()
    headers = {"Idempotency-Key": "one"}
    event = client.post("/v1/events", json=marked(), headers=headers).get_json()
    address = f"/v1/events/{event['id']}"
    client.post("/v1/events", json=an_event(title=f"{MARKER} title", status=MARKER), headers={"Idempotency-Key": "two"})
    client.patch(address, json={"title": f"Another {MARKER}"}, headers={"If-Match": "*"})
    client.post("/v1/imports", data='{"title": 5}', content_type="application/x-ndjson")
    quote = f"A row quotes: A {MARKER} title."
    feed.execute("INSERT INTO import_error (import_id, line, place, detail) SELECT id, 9, 0, %s FROM import", (quote,))
    match(database)
    epochs = claim_all_shards(feed, worker)
    echo = an_attempt(feed, subscription, 2, epochs, answer=MARKER.encode(), headers={"X": MARKER})
    store.webhooks.queue.insert_attempts(feed, worker, [echo])
    while index_names_once(feed):
        pass
    feed.execute("ANALYZE")
    before = tables_with(feed, MARKER)
    assert {"event", "event_revision", "event_search", "event_search_past", "idempotent_answer", "attempt"} <= {*before}
    assert {"facet_value", "vocabulary", "event_source", "event_external_id", "import_error"} <= {*before}

    result = run(event["id"])
    assert result.exit_code == 0, result.output
    match(database)
    while index_names_once(feed):
        pass
    assert tables_with(feed, MARKER) == []
    assert client.get(address).status_code == 410
    assert [one["version"] for one in client.get(f"{address}/revisions").get_json()["items"]] == [3]
    assert client.get(f"/v1/events/{other['id']}").get_json() == other
    assert client.get("/v1/events").get_json()["items"] == [other]
    again = client.post("/v1/events", json=marked(), headers=headers)
    assert (again.status_code, again.get_json()["detail"]) == (410, f"The event {event['id']} was erased.")
    assert tables_with(feed, MARKER) == []


def test_followers_and_webhooks_are_told_to_drop_an_erased_event(
    client: FlaskClient, feed: psycopg.Connection, database: str, run: Any
) -> None:
    subscriptions = [make_subscription(feed), make_subscription(feed, filter="tag=a")]
    event, other = create_event(client, tags=["a"]), create_event(client, title="Other", tags=["b"])
    match(database)
    run(event["id"])
    match(database)
    for query in ("", "?tag=a", "?q=anything&kind=delete"):
        entries = client.get(f"/v1/changes{query}").get_json()["items"]
        kinds = [entry["kind"] for entry in entries if entry["event_id"] == event["id"]]
        assert {*kinds} == {"delete"}, query
        assert all(entry["document"] is None for entry in entries if entry["event_id"] == event["id"])
    for subscription in subscriptions:
        kinds = [kind for _, id_, kind in list_deliveries(feed, subscription) if str(id_) == event["id"]]
        assert kinds == ["delete"]
    assert client.get("/v1/changes?tag=b").get_json()["items"][-1]["event_id"] in (other["id"], event["id"])


@pytest.mark.parametrize("is_deleted", [False, True])
def test_events_that_were_merged_into_an_erased_one_are_erased_along(
    client: FlaskClient, feed: psycopg.Connection, run: Any, *, is_deleted: bool
) -> None:
    one, other = (client.post("/v1/events", json=body).get_json() for body in (marked(), an_event(title="Other")))
    tag = {"If-Match": "*"}
    client.post(f"/v1/events/{one['id']}/merge", json={"into": other["id"]}, headers=tag)
    if is_deleted:
        client.delete(f"/v1/events/{other['id']}", headers=tag)
    assert run(other["id"]).exit_code == 0
    assert tables_with(feed, MARKER) == []
    assert client.get(f"/v1/events/{one['id']}").status_code == 410


def test_an_event_that_was_merged_into_another_is_erased_alone(client: FlaskClient, run: Any) -> None:
    one, other = create_event(client, title=f"{MARKER} one"), create_event(client, title="Other")
    client.post(f"/v1/events/{one['id']}/merge", json={"into": other["id"]}, headers={"If-Match": "*"})
    result = run(one["id"])
    assert (result.exit_code, f"It was merged into {other['id']}" in result.output) == (0, True)
    assert client.get(f"/v1/events/{one['id']}").status_code == 410
    assert client.get(f"/v1/events/{other['id']}").get_json()["title"] == "Other"


def test_a_full_record_leaves_nothing_but_its_tombstone(
    client: FlaskClient, feed: psycopg.Connection, run: Any
) -> None:
    create_topic(client, "trade")
    body = a_full_event(title=f"{MARKER} full", relations=[])
    event = create_event(client, **body)
    assert run(event["id"]).exit_code == 0
    row: Any = feed.execute("SELECT to_jsonb(event) - '{id,version,created_at}'::text[] FROM event").fetchone()
    values = {name: value for name, value in row[0].items() if value not in ("", "\\x", [], {}, None)}
    assert values.keys() == {"record_state", "updated_at", "content_changed_at"}
    assert tables_with(feed, MARKER) == []


def test_an_erasure_asks_first_and_needs_an_event(client: FlaskClient, run: Any) -> None:
    event = create_event(client)
    assert run(event["id"], "-h", answer="n\n").exit_code != 0
    assert client.get(f"/v1/events/{event['id']}").status_code == 200
    result = run(str(uuid7()))
    assert (result.exit_code, "There is no event" in result.output) == (1, True)
