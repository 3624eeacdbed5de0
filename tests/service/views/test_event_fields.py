"""Wrong values in every field of an event: stored, or refused at their place, and never an error of the service."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from marshmallow import fields, validate

from schemas.events import NewEventSchema
from schemas.fields import Text
from tests.factories import a_full_event, an_event, create_topic
from tests.schemas.wrong_values import FIELDS, WRONG, Path, full_event_with
from tests.service.problems import details, problem_of


def pointer(path: Path) -> str:
    """Return `path` as a JSON pointer."""
    return "#/" + "/".join(str(step) for step in path)


@pytest.mark.parametrize("name", NewEventSchema().load_fields)
def test_a_value_of_any_type_is_stored_or_refused_in_any_field(
    client: FlaskClient, conn: psycopg.Connection, name: str
) -> None:
    create_topic(client, "trade")
    stored = 0
    for path, _ in FIELDS:
        if path[0] != name:
            continue
        for value in WRONG:
            answer = client.post("/v1/events", json=full_event_with(path, value))
            if answer.status_code == 201:
                stored += 1
                client.delete(answer.headers["Location"], headers={"If-Match": "*"})
            else:
                assert problem_of(answer)[:2] == (422, "invalid"), (path, value)
                assert problem_of(answer).places, (path, value)
    assert conn.execute("SELECT count(*) FROM event").fetchone() == (stored,)


@pytest.mark.usefixtures("earlier")
def test_a_full_event_is_stored_unchanged(client: FlaskClient) -> None:
    create_topic(client, "trade")
    answer = client.post("/v1/events", json=a_full_event())
    assert answer.status_code == 201, answer.text
    told_back = answer.get_json()
    assert {name: told_back[name] for name in ("citations", "statements", "change", "tags")} == {
        name: a_full_event()[name] for name in ("citations", "statements", "change", "tags")
    }


@pytest.mark.usefixtures("earlier")
def test_a_text_may_be_as_long_as_its_field_and_no_longer(client: FlaskClient) -> None:
    create_topic(client, "trade")
    texts = [(path, field.most) for path, field in FIELDS if isinstance(field, Text)]
    assert len(texts) > 20
    for path, most in texts:
        if path[0] == "figures" and path[-1] == "unit":
            continue  # the full event's first figure has a currency
        fits = client.post("/v1/events", json=full_event_with(path, "é" * most))
        assert fits.status_code == 201, (path, fits.text)
        client.delete(fits.headers["Location"], headers={"If-Match": "*"})
        over = client.post("/v1/events", json=full_event_with(path, "a" * (most + 1)))
        assert problem_of(over) == (422, "invalid", [pointer(path)])


def test_a_list_may_be_as_long_as_its_field_and_no_longer(client: FlaskClient) -> None:
    lists = [(path, field) for path, field in FIELDS if isinstance(field, fields.List)]
    assert len(lists) > 12
    for path, field in lists:
        [limit] = [validator for validator in field.validators if isinstance(validator, validate.Length)]
        members: Any = a_full_event()
        for step in path:
            members = members[step]
        over = client.post("/v1/events", json=full_event_with(path, members[-1:] * ((limit.max or 0) + 1)))
        assert problem_of(over) == (422, "invalid", [pointer(path)])


def on(edtf: str, **fields: Any) -> dict[str, Any]:
    """Return an event with one date."""
    return {"dates": [{"id": "one", "kind": "launched", "edtf": edtf, "modality": "actual", **fields}]}


def by(**fields: Any) -> dict[str, Any]:
    """Return an event with one participant."""
    return {"participants": [{"id": "one", "name": "One", "role": "party", **fields}]}


def of(**fields: Any) -> dict[str, Any]:
    """Return an event with one figure."""
    return {"figures": [{"measure": "budget", "value": "1", **fields}]}


def told_by(*sources: dict[str, Any]) -> dict[str, Any]:
    """Return an event with these sources."""
    return {"sources": [{"type": "report", **source} for source in sources]}


def citing(fact: str, source: str = "report", stance: str = "supports") -> dict[str, Any]:
    """Return an event with one citation."""
    return {"citations": [{"fact": fact, "source": source, "stance": stance}]}


@pytest.mark.parametrize(
    ("event_fields", "place", "words"),
    [
        (on("2024-13"), "#/dates/0/edtf", "months are 01 to 12"),
        (on("2024-02-30"), "#/dates/0/edtf", "not in the calendar"),
        (on("next week"), "#/dates/0/edtf", "write for example"),
        (on("2025/2024"), "#/dates/0/edtf", "ends before it begins"),
        (on("2024", modality="maybe"), "#/dates/0/modality", "actual, expected, deadline"),
        (on("2024", resolves="one"), "#/dates/0/resolves", ""),
        (on("2024", resolves="one", modality="expected"), "#/dates/0/resolves", "resolve itself"),
        (on("2024", resolves="two"), "#/dates/0/resolves", 'no "two"'),
        (by(jurisdiction="JPN"), "#/participants/0/jurisdiction", 'Did you mean "JP"?'),
        (by(jurisdiction="Japan"), "#/participants/0/jurisdiction", 'Did you mean "JP"?'),
        (by(jurisdiction="jp"), "#/participants/0/jurisdiction", 'Did you mean "JP"?'),
        (by(jurisdiction="UK"), "#/participants/0/jurisdiction", 'Did you mean "GB"?'),
        (by(jurisdiction="Europe"), "#/participants/0/jurisdiction", 'Did you mean "EU"?'),
        (by(jurisdiction="ZZ"), "#/participants/0/jurisdiction", "ISO 3166"),
        (by(role="partner_"), "#/participants/0/role", 'Did you mean "partner"?'),
        (by(on_behalf_of="two"), "#/participants/0/on_behalf_of", 'no "two"'),
        (by(on_behalf_of="one"), "#/participants/0/on_behalf_of", "leads back to itself"),
        (by(id="One"), "#/participants/0/id", "a-z"),
        (by(id="one\n"), "#/participants/0/id", "a-z"),
        (by(name=" \t\n"), "#/participants/0/name", "blank"),
        ({"title": "\u200b"}, "#/title", "blank"),
        ({"title": "\u00ad \u2060\ufeff"}, "#/title", "blank"),
        ({"summary": "\u3164"}, "#/summary", "blank"),
        ({"tags": ["\u200d"]}, "#/tags/0", "blank"),
        (of(unit="\u2800"), "#/figures/0/unit", "blank"),
        (told_by({"publisher": "\ufe0f"}), "#/sources/0/publisher", "blank"),
        (by(name="a\u0007b"), "#/participants/0/name", "U+0007 at position 1"),
        ({"participants": []}, "#/participants", ""),
        (of(value=19.8), "#/figures/0/value", "as a string"),
        (of(value="19,8"), "#/figures/0/value", "as a string"),
        (of(value="10", value_max="9.9"), "#/figures/0/value_max", "Must not be less than value"),
        (of(value="-10", value_max="-15"), "#/figures/0/value_max", "Must not be less than value"),
        (of(value="10", value_max="15 bn"), "#/figures/0/value_max", "as a string"),
        (of(value="1e9"), "#/figures/0/value", "as a string"),
        (of(value="٣"), "#/figures/0/value", "as a string"),
        (of(currency="eur"), "#/figures/0/currency", 'Did you mean "EUR"?'),
        (of(currency="ZZZ"), "#/figures/0/currency", "ISO 4217"),
        (of(currency="EUR", unit="GWh"), "#/figures/0/unit", "not both"),
        (of(subject="two"), "#/figures/0/subject", 'no "two"'),
        (told_by({"id": "a", "derived_from": ["a"]}), "#/sources/0/derived_from", "leads back to itself"),
        (told_by({"id": "a", "derived_from": ["b"]}), "#/sources/0/derived_from/0", 'no "b"'),
        (told_by({"url": "ftp://example.org"}), "#/sources/0/url", "http or https"),
        (told_by({"url": "https://exa|mple.org"}), "#/sources/0/url", "no host can have"),
        (told_by({"url": "https://example.org:65536"}), "#/sources/0/url", "at most 65535"),
        (told_by({"url": "http://256.1.1.1/"}), "#/sources/0/url", "no IPv4 address"),
        (told_by({"archive_url": "http://[::g]/"}), "#/sources/0/archive_url", "no IPv6 address"),
        (told_by({"url": "https://xn--a.example"}), "#/sources/0/url", "no domain name"),
        (told_by({"url": "https://me:secret@example.org"}), "#/sources/0/url", "without a user name"),
        (told_by({"url": "javascript:alert(1)"}), "#/sources/0/url", "http or https"),
        (told_by({"url": "http://[::1"}), "#/sources/0/url", "http or https URL"),
        (told_by({"accessed_at": "2024-04-01T09:30"}), "#/sources/0/accessed_at", "UTC"),
        (told_by({"accessed_at": "2024-04"}), "#/sources/0/accessed_at", "a day such as"),
        (told_by({"accessed_at": "2023-02-29"}), "#/sources/0/accessed_at", "calendar"),
        (told_by({"accessed_at": "2023-02-29T00:00:00Z"}), "#/sources/0/accessed_at", "calendar"),
        (told_by({"lang": "english"}), "#/sources/0/lang", "BCP 47"),
        (citing("figures/none"), "#/citations/0/fact", 'no fact "figures/none"'),
        (citing("verification"), "#/citations/0/fact", 'no fact "verification"'),
        (citing("title", source="none"), "#/citations/0/source", 'no "none"'),
        (citing("title", stance="support"), "#/citations/0/stance", 'Did you mean "supports"?'),
        ({"relations": [{"type": "cites"}]}, "#/relations/0/event", "either"),
        (
            {"relations": [{"type": "cites", "uri": "doi:1", "event": "01980000-0000-7000-8000-000000000000"}]},
            "#/relations/0/event",
            "either",
        ),
        ({"relations": [{"type": "cites", "event": "5"}]}, "#/relations/0/event", "UUID"),
        ({"external_ids": [{"scheme": "a", "value": "1"}] * 2}, "#/external_ids/1", "twice"),
        ({"topics": [{"id": "a"}] * 2}, "#/topics/1/id", "twice"),
        ({"status": "Planned"}, "#/status", 'Did you mean "planned"?'),
        ({"change": {"kind": "fix"}}, "#/change/kind", "correction"),
        ({"change": None}, "#/change", ""),
        ({"tags": None}, "#/tags", ""),
        ({"lang": "en_GB"}, "#/lang", "BCP 47"),
    ],
)
def test_an_invalid_value_is_refused_at_its_place(
    client: FlaskClient, conn: psycopg.Connection, event_fields: dict[str, Any], place: str, words: str
) -> None:
    answer = client.post("/v1/events", json=an_event(**event_fields))
    assert problem_of(answer) == (422, "invalid", [place])
    assert words in details(answer)
    assert conn.execute("SELECT count(*) FROM event").fetchone() == (0,)


@pytest.mark.parametrize("accessed_at", ["2024-04-04", "2024-04-04T09:30:00Z", "2024-02-29T23:59:59.999999Z", None])
def test_the_time_at_which_a_source_was_read_is_a_day_or_an_instant(
    client: FlaskClient, accessed_at: str | None
) -> None:
    answer = client.post("/v1/events", json=an_event(**told_by({"accessed_at": accessed_at})))
    assert (answer.status_code, answer.get_json()["sources"][0]["accessed_at"]) == (201, accessed_at)


def test_every_fault_is_reported_at_once(client: FlaskClient) -> None:
    answer = client.post("/v1/events", json=an_event(title=5, lang="??", colour="red", **on("x"), **of(currency="X")))
    assert sorted(problem_of(answer).places) == [
        "#/colour",
        "#/dates/0/edtf",
        "#/figures/0/currency",
        "#/lang",
        "#/title",
    ]


def test_a_source_derived_from_itself_and_from_an_unknown_one_has_both_faults(client: FlaskClient) -> None:
    circle = told_by({"id": "a", "derived_from": ["b", "none"]}, {"id": "b", "derived_from": ["a"]})
    answer = problem_of(client.post("/v1/events", json=an_event(**circle)))
    assert (answer.status, answer.code) == (422, "invalid")
    assert "#/sources/0/derived_from/1" in answer.places
    assert "#/sources/1/derived_from" in answer.places
