"""Pages of events: in order, each event once, whatever the order."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import create_event
from tests.service.problems import problem_of

Event = dict[str, Any]

ORDERS = [
    *(f"{sign}{key}" for key in ("date", "announced", "title", "created_at", "updated_at") for sign in ("", "-")),
    "date,title",
    "-date,-title",
    "date,-title",
    "-date,title",
    "-announced,date",
    "title,-announced,date",
    "-title,updated_at,-date",
]

#: What an event is sorted by, by the name of the key; None comes last.
VALUES: dict[str, Callable[[Event], str | None]] = {
    "date": lambda event: event["dates"][0]["earliest"] if event["dates"] else None,
    "announced": lambda event: next(
        (date["earliest"] for date in event["dates"] if (date["kind"], date["modality"]) == ("announced", "actual")),
        None,
    ),
    "title": lambda event: event["title"].casefold()[:80],
    "created_at": lambda event: event["created_at"],
    "updated_at": lambda event: event["updated_at"],
}


def in_order(events: Sequence[Event], sort: str) -> list[Event]:
    """`events` as a list sorted by `sort` should hold them: the id decides last, the way the first key goes."""
    listed = sorted(events, key=lambda event: event["id"], reverse=sort.startswith("-"))
    for key in reversed(sort.split(",")):
        value, down = VALUES[key.removeprefix("-")], key.startswith("-")
        unknown = [event for event in listed if value(event) is None]
        known = [event for event in listed if value(event) is not None]
        listed = sorted(known, key=lambda event: value(event) or "", reverse=down) + unknown
    return listed


def pages(client: FlaskClient, follow: str | None) -> Iterator[list[Event]]:
    """Each page's events, `next` followed as it is."""
    for _ in range(50):
        if not follow:
            return
        answer = client.get(follow)
        assert answer.status_code == 200, answer.text
        follow = answer.get_json()["next"]
        links = answer.headers["Link"].split(", ")
        assert links[1:] == ([f'<{follow}>; rel="next"'] if follow else [])
        assert links[0].endswith('; rel="first"')
        yield answer.get_json()["items"]
    pytest.fail("There is no end to the pages.")


def walk(client: FlaskClient, follow: str) -> list[Event]:
    """All events of all pages."""
    return [event for page in pages(client, follow) for event in page]


def on(edtf: str | None, kind: str = "announced", modality: str = "actual") -> list[dict[str, str]]:
    """The one date of an event, or none."""
    return [{"kind": kind, "edtf": edtf, "modality": modality}] if edtf else []


def record_eleven(client: FlaskClient) -> list[Event]:
    """Events that tie in every way, as they are now."""
    said = [
        ("b", on("2024-04")),
        ("B", on("2024-04-01")),
        ("a", on(None)),
        ("Ärger", on("2023")),
        ("a" * 80 + "b", on("2024-33")),
        ("a" * 80 + "a", on("2024-04", modality="expected")),
        ("Straße", on("2025-01-01", kind="launched")),
        ("strasse", on("../2024")),
        ("b", on("0001")),
        ("b", on("9999-12-31")),
        ("b", on(None)),
    ]
    first, *others = [create_event(client, title=title, dates=dates) for title, dates in said]
    changed = client.patch(f"/v1/events/{first['id']}", json={"tags": ["x"]}, headers={"If-Match": '"1"'})
    return [changed.get_json(), *others]


@pytest.mark.parametrize("sort", ORDERS)
def test_following_next_visits_every_event_once_and_in_order(client: FlaskClient, sort: str) -> None:
    expected = in_order(record_eleven(client), sort)
    for limit in (1, 3, 10, 11, 12):
        assert walk(client, f"/v1/events?sort={sort}&limit={limit}") == expected


@pytest.mark.parametrize("sort", ["date", "-date", "announced", "-announced"])
def test_events_without_the_date_come_last(client: FlaskClient, sort: str) -> None:
    dated = [create_event(client, dates=on("2024")), create_event(client, dates=on("2023"))]
    undated = {create_event(client)["id"], create_event(client, dates=on("../2022"))["id"]}
    *first, third, fourth = walk(client, f"/v1/events?sort={sort}&limit=1")
    assert first == (dated if sort.startswith("-") else dated[::-1])
    assert {third["id"], fourth["id"]} == undated


def test_the_newest_comes_first_without_sort(client: FlaskClient) -> None:
    events = record_eleven(client)
    assert walk(client, "/v1/events?limit=4") == in_order(events, "-date")


def test_pages_are_full_and_the_last_has_no_next(client: FlaskClient) -> None:
    for _ in range(4):
        create_event(client)
    assert [len(page) for page in pages(client, "/v1/events?limit=2")] == [2, 2]


def test_a_walk_keeps_to_its_filters(client: FlaskClient) -> None:
    mine = [create_event(client, tags=["a & b/ö"], dates=on(f"20{number}")) for number in range(10, 15)]
    create_event(client, dates=on("2012"))
    assert walk(client, "/v1/events?tag=a %26 b/ö,c&sort=date&limit=2") == mine


def test_a_write_during_a_walk_moves_no_other_event(client: FlaskClient) -> None:
    events = [create_event(client, dates=on(f"20{number}")) for number in range(10, 16)]
    following = pages(client, "/v1/events?sort=date&limit=2")
    first = next(following)
    client.delete(f"/v1/events/{events[1]['id']}", headers={"If-Match": '"1"'})
    create_event(client, dates=on("2009"))
    new = create_event(client, dates=on("2013-06"))
    assert [*first, *(event for page in following for event in page)] == [*events[:4], new, *events[4:]]


def test_a_walk_by_title_gets_past_any_title(client: FlaskClient) -> None:
    said = ['"' * 500, "😀" * 500, "\\" * 500, "ﬃ" * 500, "\t\n " * 100 + "x", "a,b&c=d%2C#", "\u2028x\u202e", "''; --"]
    events = [create_event(client, title=title, dates=on("2024")) for title in said]
    for sort in ("title,-announced,updated_at", "-title"):
        assert walk(client, f"/v1/events?sort={sort}&limit=1") == in_order(events, sort)


def cursor_of(client: FlaskClient, query: str) -> str:
    """The cursor of the second page."""
    follow: str = client.get(f"/v1/events?limit=1{query}").get_json()["next"]
    return follow.partition("cursor=")[2].partition("&")[0]


@pytest.mark.parametrize(
    "other",
    ["", "&sort=-title", "&sort=title,date", "&sort=date", "&sort=title&tag=a", "&sort=title&tag=a&status=agreed"],
)
def test_a_cursor_of_another_list_is_refused(client: FlaskClient, other: str) -> None:
    create_event(client, tags=["a", "b"])
    create_event(client, tags=["a", "b"])
    for made_for in ("&sort=title", "&sort=title&tag=b"):
        cursor = cursor_of(client, made_for)
        assert problem_of(client.get(f"/v1/events?cursor={cursor}{other}")) == (400, "malformed", ["cursor"])


def test_a_cursor_of_topics_is_not_one_of_events(client: FlaskClient) -> None:
    for id_ in "ab":
        client.post("/v1/topics", json={"id": id_, "labels": {"en": id_}})
    cursor = client.get("/v1/topics?limit=1").get_json()["next"].partition("cursor=")[2]
    assert problem_of(client.get(f"/v1/events?cursor={cursor}")) == (400, "malformed", ["cursor"])


def test_a_cursor_goes_with_another_limit(client: FlaskClient) -> None:
    for _ in range(3):
        create_event(client)
    answer = client.get(f"/v1/events?limit=2&cursor={cursor_of(client, '')}")
    assert len(answer.get_json()["items"]) == 2


def encoded(value: Any) -> str:
    """`value` in the form that cursors have."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


NEVER_GIVEN: list[Any] = [5, None, True, 1.5, [], {}, "", "abc", [[]], [None], ["a", 5, 5], {"a": 1}]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "é",
        "%ff",
        "=",
        "====",
        "+/+/",
        "a b",
        "A" * 1001,
        *map(encoded, NEVER_GIVEN),
    ],
)
def test_a_cursor_that_was_never_given_out_is_refused(anyone: FlaskClient, cursor: str) -> None:
    for address in ("/v1/events", "/v1/topics"):
        assert problem_of(anyone.get(f"{address}?cursor={cursor}")) == (400, "malformed", ["cursor"])


@pytest.mark.parametrize("sort", ["date", "-updated_at", "title"])
@pytest.mark.parametrize(
    "end", [["x", "y"], ["a\0", "y"], ["", ""], ["2024-13-01", "y"], ["infinity"], [5, 5], ["x"] * 3]
)
def test_a_cursor_that_was_tampered_with_is_refused(client: FlaskClient, sort: str, end: list[Any]) -> None:
    create_event(client)
    create_event(client)
    cursor = cursor_of(client, f"&sort={sort}")
    made_for, *_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    answer = client.get(f"/v1/events?sort={sort}&cursor={encoded([made_for, *end])}")
    assert problem_of(answer) == (400, "malformed", ["cursor"])


titles = st.sampled_from(["a", "A", "b", "é", "日本"]) | st.text("aB ß🌍%", min_size=1, max_size=3).filter(str.strip)
dates = st.sampled_from([None, "2024", "2024-01-01", "2024-33", "2023-12", "2024/..", "../2024", "0001", "9999"])


orders = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True).flatmap(
    lambda keys: st.tuples(*(st.sampled_from([key, f"-{key}"]) for key in keys)).map(",".join)
)


@settings(
    derandomize=True, deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # one database serves all examples, emptied before each
@given(
    said=st.lists(st.tuples(titles, dates, st.sampled_from(["announced", "signed"])), max_size=9),
    sort=orders,
    limit=st.integers(1, 5),
)
def test_a_list_is_in_the_order_that_a_sort_in_python_gives(
    client: FlaskClient, conn: psycopg.Connection, said: list[tuple[str, str | None, str]], sort: str, limit: int
) -> None:
    conn.execute("TRUNCATE event CASCADE")
    conn.commit()
    events = [create_event(client, title=title, dates=on(edtf, kind)) for title, edtf, kind in said]
    assert walk(client, f"/v1/events?sort={sort}&limit={limit}") == in_order(events, sort)
