"""Machines with other clocks: no version is earlier than the one before it, and a request is made once."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from flask.testing import FlaskClient

from service.clock import DatabaseClock
from tests.factories import a_topic, an_event, create_event, create_topic
from tests.service.conftest import make_key, running


def set_clock(monkeypatch: pytest.MonkeyPatch, behind: timedelta) -> None:
    """Replace the clock of this process by one that is `behind`, and was never compared with the database's."""
    monkeypatch.setattr("service.clock.CLOCK", clock_behind(behind))


def clock_behind(behind: timedelta) -> DatabaseClock:
    """Return the clock of a process on a machine that is `behind`."""
    return DatabaseClock(wall=lambda: datetime.now(UTC).timestamp() - behind.total_seconds())


@pytest.mark.parametrize("behind", [timedelta(hours=1), timedelta(days=100)])
def test_no_version_of_an_event_is_earlier_than_the_one_before(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, behind: timedelta
) -> None:
    one, other = create_event(client), create_event(client, title="Another")
    address = f"/v1/events/{one['id']}"
    set_clock(monkeypatch, behind)
    changed = client.patch(address, json={"title": "Changed"}, headers={"If-Match": '"1"'}).get_json()
    assert changed["updated_at"] == one["updated_at"]
    body, tag = {"into": one["id"]}, {"If-Match": '"1"'}
    stays = client.post(f"/v1/events/{other['id']}/merge", json=body, headers=tag)
    assert stays.get_json()["updated_at"] >= stays.get_json()["created_at"]
    client.delete(address, headers={"If-Match": stays.headers["ETag"]})
    for id_ in (one["id"], other["id"]):
        times = [revision["recorded_at"] for revision in client.get(f"/v1/events/{id_}/revisions").get_json()["items"]]
        assert times == sorted(times, reverse=True)
        assert len(times) >= 2


def test_no_version_of_a_topic_is_earlier_than_the_one_before(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = create_topic(client, "batteries")
    set_clock(monkeypatch, timedelta(days=1))
    body = a_topic("batteries", labels={"en": "Cells"})
    after = client.put("/v1/topics/batteries", json=body, headers={"If-Match": '"1"'}).get_json()
    assert after["updated_at"] == before["updated_at"]


@pytest.mark.parametrize("hours", [25, -25, 2_400])
def test_a_repeated_request_is_answered_once_by_machines_with_other_clocks(
    database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    headers = {"Authorization": f"Bearer {make_key(database, 'admin')}", "Idempotency-Key": "one"}
    ids = []
    for behind in (timedelta(0), timedelta(hours=hours)):
        wrong = clock_behind(behind)
        monkeypatch.setattr("service.clock.CLOCK", wrong)
        monkeypatch.setattr("service.db.pool.CLOCK", wrong)
        with running(database) as app:
            ids.append(app.test_client().post("/v1/events", json=an_event(), headers=headers).get_json()["id"])
    assert ids[0] == ids[1]
    assert conn.execute("SELECT count(*) FROM event").fetchone() == (1,)
