"""gzip by Accept-Encoding, and that ETags stay of use."""

import gzip

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.http.content_negotiation import Codings, codings_for
from tests.answers import body
from tests.factories import an_event

GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def at(client: FlaskClient) -> str:
    """The address of an event that is worth gzipping."""
    return str(client.post("/v1/events", json=an_event(description="long " * 400)).headers["Location"])


@pytest.mark.parametrize(
    ("accept_encoding", "codings"),
    [
        (None, Codings(gzip=False, identity=True)),
        ("", Codings(gzip=False, identity=True)),
        ("gzip", Codings(gzip=True, identity=True)),
        ("GZIP, deflate, br", Codings(gzip=True, identity=True)),
        ("gzip;q=0", Codings(gzip=False, identity=True)),
        ("gzip;q=0.5, identity", Codings(gzip=False, identity=True)),
        ("gzip;q=0.5, identity;q=0.5", Codings(gzip=True, identity=True)),
        ("gzip, identity;q=0", Codings(gzip=True, identity=False)),
        ("*", Codings(gzip=True, identity=True)),
        ("*;q=0", Codings(gzip=False, identity=False)),
        ("gzip;q=0, *", Codings(gzip=False, identity=True)),
        ("identity;q=0", Codings(gzip=False, identity=False)),
        ("br", Codings(gzip=False, identity=True)),
    ],
)
def test_which_codings_are_taken(accept_encoding: str | None, codings: Codings) -> None:
    assert codings_for(accept_encoding) == codings


def test_a_long_answer_is_gzipped_for_whoever_takes_that(client: FlaskClient, at: str) -> None:
    plain, zipped = client.get(at), client.get(at, headers=GZIP)
    assert gzip.decompress(zipped.data) == plain.data
    assert _told(zipped) == ("gzip", str(len(zipped.data)), '"1-gzip"', "Accept, Accept-Encoding")
    assert _told(plain) == (None, str(len(plain.data)), '"1"', "Accept, Accept-Encoding")
    assert len(zipped.data) < len(plain.data) / 2


def test_head_says_what_get_says(client: FlaskClient, at: str) -> None:
    for headers in ({}, GZIP):
        assert _told(client.head(at, headers=headers)) == _told(client.get(at, headers=headers))


def test_a_short_answer_is_not_gzipped_but_varies(client: FlaskClient) -> None:
    assert _told(client.get("/v1/events", headers=GZIP))[0::3] == (None, "Accept, Accept-Encoding")
    assert (
        client.get("/v1/events", headers={"Accept-Encoding": "gzip, identity;q=0"}).headers["Content-Encoding"]
        == "gzip"
    )


def test_who_takes_no_coding_of_ours_is_told(client: FlaskClient, at: str) -> None:
    refused = client.get(at, headers={"Accept-Encoding": "br, *;q=0"})
    assert (refused.status_code, body(refused)["errors"][0]["header"]) == (406, "Accept-Encoding")


def test_an_etag_got_with_gzip_is_known_and_lets_changes_through(client: FlaskClient, at: str) -> None:
    tag = client.get(at, headers=GZIP).headers["ETag"]

    known = client.get(at, headers=GZIP | {"If-None-Match": tag})
    assert (known.status_code, known.data, _told(known)) == (304, b"", (None, None, tag, "Accept, Accept-Encoding"))
    assert client.patch(at, json={"title": "B"}, headers={"If-Match": tag}).status_code == 200
    assert client.get(at, headers=GZIP | {"If-None-Match": tag}).status_code == 200


def test_who_has_it_plain_need_not_load_it_gzipped_but_not_the_other_way_round(client: FlaskClient, at: str) -> None:
    known = client.get(at, headers=GZIP | {"If-None-Match": '"1"'})
    assert (known.status_code, known.headers["ETag"]) == (304, '"1"')
    assert client.get(at, headers={"If-None-Match": '"1-gzip"'}).status_code == 200
    both = client.get(at, headers=GZIP | {"If-None-Match": 'W/"1", "1-gzip"'})
    assert (both.status_code, both.headers["ETag"]) == (304, '"1-gzip"')


def test_what_is_indented_is_gzipped_too(client: FlaskClient, at: str) -> None:
    plain, zipped = client.get(at + "?pretty"), client.get(at + "?pretty", headers=GZIP)
    assert gzip.decompress(zipped.data) == plain.data
    tag = zipped.headers["ETag"]
    assert tag == plain.headers["ETag"].removesuffix('"') + '-gzip"'
    assert client.get(at + "?pretty", headers=GZIP | {"If-None-Match": tag}).status_code == 304


def test_ranges_are_not_offered(client: FlaskClient, at: str) -> None:
    ranged = client.get(at, headers={"Range": "bytes=0-9"})
    assert (ranged.status_code, "Accept-Ranges" in ranged.headers) == (200, False)


def _told(answer: TestResponse) -> tuple[str | None, ...]:
    return tuple(answer.headers.get(name) for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"))
