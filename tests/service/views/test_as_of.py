"""The state at an instant: of one event, and of the list."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from flask.testing import FlaskClient

from service.events.normalize import timestamp
from tests.factories import a_topic, an_event

Document = dict[str, Any]

FILTERS: dict[str, Callable[[Document], bool]] = {
    "": lambda _: True,
    "&status=agreed": lambda event: event["status"] == "agreed",
    "&party=JP,FR": lambda event: event["participants"][0]["jurisdiction"] in ("JP", "FR"),
    "&tag=metals": lambda event: "metals" in event["tags"],
    "&topic=minerals": lambda event: bool(event["topics"]),
    "&status=agreed,planned&tag=batteries": lambda event: bool(event["status"]) and "batteries" in event["tags"],
}

#: Sort keys of the list, and whether each is descending.
SORTS: dict[str, tuple[Callable[[Document], Any], bool]] = {
    "": (lambda event: (_date_of(event) or "", event["id"]), True),
    "&sort=date": (lambda event: (_date_of(event) or "9999", event["id"]), False),
    "&sort=-title,date": (lambda event: (event["title"], event["id"]), True),
    "&sort=updated_at": (lambda event: (event["updated_at"], event["id"]), False),
}


def _date_of(event: Document) -> str | None:
    return event["dates"][0]["earliest"] if event["dates"] else None


def record(client: FlaskClient, **fields: Any) -> Document:
    """Create an event."""
    created: Any = client.post("/v1/events", json=an_event(**fields))
    return dict(created.json)


def get_json(client: FlaskClient, address: str) -> Any:
    """Return the JSON at `address`."""
    return client.get(address).json


class Past:
    """A series of changes, and the readable documents after each of them."""

    def __init__(self, client: FlaskClient, chance: random.Random) -> None:
        """Begins without events."""
        self.client, self.chance = client, chance
        self.number = 0
        #: The state from an instant on: the document of each event, or None after its deletion.
        self.states: list[tuple[str, dict[str, Document | None]]] = []

    def go_on(self) -> None:
        """Create, change or delete an event."""
        state = self.states[-1][1] if self.states else {}
        alive = [id_ for id_, document in state.items() if document]
        act = self.chance.choice([self._create, self._change, self._change, self._change, self._delete])
        id_, document = act(self.chance.choice(alive)) if alive else self._create("")
        at = get_json(self.client, f"/v1/events/{id_}/revisions")["items"][0]["recorded_at"]
        self.states.append((at, state | {id_: document}))

    def at(self, instant: str) -> dict[str, Document | None]:
        """Return the readable documents at `instant`."""
        return next((state for at, state in reversed(self.states) if at <= instant), {})

    def _create(self, _: str) -> tuple[str, Document]:
        created = record(self.client, **self._content())
        return created["id"], created

    def _change(self, id_: str) -> tuple[str, Document]:
        changed: Any = self.client.patch(f"/v1/events/{id_}", json=self._content(), headers={"If-Match": "*"})
        return id_, changed.json

    def _delete(self, id_: str) -> tuple[str, None]:
        assert self.client.delete(f"/v1/events/{id_}", headers={"If-Match": "*"}).status_code == 204
        return id_, None

    def _content(self) -> Document:
        self.number += 1
        code, chance = self.chance.choice(["JP", "FR", "US"]), self.chance
        day = {"kind": "launched", "edtf": f"2024-0{chance.randrange(1, 9)}", "modality": "actual"}
        return {
            "title": f"{chance.choice('ABC')} {self.number:03}",
            "status": chance.choice(["agreed", "planned", None]),
            "participants": [{"name": code, "role": "party", "jurisdiction": code}],
            "tags": chance.sample(["metals", "batteries", "steel"], 2),
            "topics": chance.choice([[], [{"id": "lithium"}]]),
            "dates": chance.choice([[], [day]]),
        }


@pytest.mark.parametrize("seed", [1, 2])
def test_lists_and_events_have_their_past_state(client: FlaskClient, seed: int) -> None:
    for topic in (a_topic("minerals"), a_topic("lithium", broader=["minerals"])):
        assert client.post("/v1/topics", json=topic).status_code == 201
    past = Past(client, random.Random(seed))  # noqa: S311 (a test's own)
    for _ in range(50):
        past.go_on()

    for at, _ in past.chance.sample(past.states, 12):
        for instant in (at, just_before(at)):
            state = past.at(instant)
            filtered, sort = past.chance.choice(list(FILTERS)), past.chance.choice(list(SORTS))
            readable = [document for document in state.values() if document and FILTERS[filtered](document)]
            key, downwards = SORTS[sort]
            assert walk(client, f"/v1/events?as_of={instant}{filtered}{sort}&limit=3") == sorted(
                readable, key=key, reverse=downwards
            )
        for id_, document in past.states[-1][1].items():
            answer = client.get(f"/v1/events/{id_}?as_of={instant}")
            result = answer.json if answer.status_code == 200 else answer.status_code
            assert result == ((state[id_] or 410) if id_ in state else 404), document


def walk(client: FlaskClient, url: str) -> list[Document]:
    """Return the members of all pages from `url` on."""
    members: list[Document] = []
    while url:
        page = get_json(client, url)
        members += page["items"]
        url = page["next"]
    return members


def just_before(instant: str) -> str:
    return timestamp(datetime.fromisoformat(instant) - timedelta(microseconds=1))


def two_versions(client: FlaskClient) -> tuple[Document, Document]:
    """Return both versions of an event."""
    first = record(client)
    second: Any = client.patch(f"/v1/events/{first['id']}", json={"title": "B"}, headers={"If-Match": "*"})
    return first, second.json


def test_an_event_of_the_past_has_the_etag_of_its_version(client: FlaskClient) -> None:
    first, second = two_versions(client)
    address = f"/v1/events/{first['id']}?as_of={first['updated_at']}"
    assert (get_json(client, address), client.get(address).headers["ETag"]) == (first, '"1"')
    assert client.get(address, headers={"If-None-Match": '"1"'}).status_code == 304
    assert client.get(f"/v1/events/{first['id']}?as_of={second['updated_at']}").headers["ETag"] == '"2"'


def test_the_last_version_counts_if_clocks_disagree(client: FlaskClient, database: str) -> None:
    first, _ = two_versions(client)
    address = f"/v1/events/{first['id']}"
    client.patch(address, json={"title": "C"}, headers={"If-Match": "*"})
    with psycopg.connect(database) as conn:  # the clock of the writer of version 2 was ahead
        conn.execute(
            "UPDATE event_revision SET updated_at = '2025-01-01T12:00Z'::timestamptz"
            " + CASE version WHEN 1 THEN 0 WHEN 2 THEN 2 ELSE 1 END * interval '1 hour'"
        )
    states = []
    for hour in range(11, 16):
        instant = f"2025-01-01T{hour}:00:00Z"
        listed = [one["title"] for one in get_json(client, f"/v1/events?as_of={instant}")["items"]]
        states.append((listed, get_json(client, f"{address}?as_of={instant}").get("version")))
    assert states == [([], None), (["A policy"], 1), (["C"], 3), (["C"], 3), (["C"], 3)]


@pytest.mark.parametrize("offset", ["+02:00", " 02:00", "-11:30", "+00:00", "Z", "z"])
def test_any_offset_is_valid(client: FlaskClient, offset: str) -> None:
    first, _ = two_versions(client)
    instant = datetime.fromisoformat(first["updated_at"])
    if offset.upper() != "Z":
        instant = instant.astimezone(datetime.fromisoformat("2024-01-01T00:00:00" + offset.replace(" ", "+")).tzinfo)
    spelling = instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + offset
    assert get_json(client, f"/v1/events/{first['id']}?as_of={quote(spelling)}") == first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-04-01",
        "2024-04-01T09:30:00",
        "2024-04-01T09:30Z",
        "2024-02-30T09:30:00Z",
        "2024-04-01T25:00:00Z",
        "2024-04-01T09:30:00+24:00",
        "2024-04-01T09:30:00+10:60",
        "2024-04-01T09:30:00-00:99",
        "2024-04-01T09:30:00 10:60",
        "2024-04-01T09:30:00,5Z",
        "2024-04-01T09:30:00Z\n",
        "٢٠٢٤-04-01T09:30:00Z",
        "0001-01-01T00:00:00+14:00",
        "0000-01-01T00:00:00Z",
        "yesterday",
    ],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/00000000-0000-7000-8000-000000000000"])
def test_an_invalid_instant_is_refused(anyone: FlaskClient, path: str, text: str) -> None:
    answer: Any = anyone.get(f"{path}?as_of={quote(text)}")
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "as_of")


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/00000000-0000-7000-8000-000000000000"])
def test_an_instant_in_the_future_is_refused(anyone: FlaskClient, path: str) -> None:
    answer: Any = anyone.get(f"{path}?as_of={timestamp(datetime.now(UTC) + timedelta(minutes=1))}")
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "as_of")


def test_the_first_and_last_possible_instants_are_valid(anyone: FlaskClient) -> None:
    assert get_json(anyone, "/v1/events?as_of=0001-01-01T00:00:00Z")["items"] == []
    assert anyone.get("/v1/events?as_of=9999-12-31T23:59:59.999999999-12:00").status_code == 422


def test_a_cursor_of_one_instant_is_refused_at_another(client: FlaskClient) -> None:
    for _ in range(2):
        client.post("/v1/events", json=an_event())
    now = timestamp(datetime.now(UTC))
    following = get_json(client, f"/v1/events?limit=1&as_of={now}")["next"]
    assert client.get(following).status_code == 200
    assert client.get(following.replace(now, just_before(now))).status_code == 400


def merge(client: FlaskClient, goes: Document, into: Document) -> None:
    answer = client.post(f"/v1/events/{goes['id']}/merge", json={"into": into["id"]}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.json


def test_a_merged_event_is_readable_before_its_merge(client: FlaskClient) -> None:
    goes, stays, last = (record(client, title=title) for title in "ABC")
    address = f"/v1/events/{goes['id']}"
    before = timestamp(datetime.now(UTC))
    merge(client, goes, stays)
    merged_at = timestamp(datetime.now(UTC))
    merge(client, stays, last)

    then = client.get(f"{address}?as_of={merged_at}")

    assert get_json(client, f"{address}?as_of={before}") == goes
    assert (then.status_code, then.headers["Location"]) == (308, f"/v1/events/{stays['id']}?as_of={merged_at}")
    assert client.get(then.headers["Location"]).status_code == 200
    assert client.get(address).headers["Location"] == f"/v1/events/{last['id']}"
    assert [one["title"] for one in walk(client, f"/v1/events?as_of={merged_at}&sort=title")] == ["B", "C"]
    assert [one["record_state"] for one in get_json(client, f"{address}/revisions")["items"]] == ["merged", "active"]
