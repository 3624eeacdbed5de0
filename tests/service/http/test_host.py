"""The Host header, and the scheme that a proxy names."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import create_environ, run_wsgi_app

from tests.service.conftest import running
from tests.service.problems import problem_of

MALFORMED = (400, "malformed", ["Host"])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "policy_trail.example:8000",
        "192.0.2.1:80",
        "[2001:db8::1]:8000",
        "xn--bcher-kva.example",
        "a:",
        "a.",
        "a:65535",
    ],
)
def test_a_valid_host_is_served(client: FlaskClient, host: str) -> None:
    assert client.get("/v1/events", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        ":8000",
        "a b",
        "a/b",
        "a,b",
        "user@a",
        "a?b",
        "a:port",
        "a:123456",
        "[2001:db8::1",
        "http://a",
        "a\\b",
        "ü",
        ".",
        "a..b",
        ".a",
        "a" * 64,
        "a%zz",
        "a:65536",
        "[.]",
    ],
)
def test_a_malformed_host_is_400(client: FlaskClient, host: str) -> None:
    assert problem_of(client.get("/v1/events", environ_overrides={"HTTP_HOST": host})) == MALFORMED


def test_brackets_without_an_address_are_400(client: FlaskClient) -> None:
    # Not by the client, which cannot read back such an address itself.
    environ = create_environ("/v1/events") | {"HTTP_HOST": "[::1::]"}
    assert run_wsgi_app(client.application, environ)[1] == "400 BAD REQUEST"


@pytest.mark.parametrize(("protocol", "status"), [("HTTP/1.1", "400 BAD REQUEST"), ("HTTP/1.0", "200 OK")])
def test_only_http_1_0_may_omit_the_host(client: FlaskClient, protocol: str, status: str) -> None:
    environ = create_environ("/v1/events") | {"SERVER_PROTOCOL": protocol}
    del environ["HTTP_HOST"]
    assert run_wsgi_app(client.application, environ)[1] == status


@pytest.mark.parametrize(("scheme", "status"), [("http", 200), ("HTTPS", 200), ("javascript", 400), ("https://a", 400)])
def test_a_proxy_names_a_scheme_of_http_or_none(database: str, scheme: str, status: int) -> None:
    with running(database, trusted_proxies=1) as app:
        answer = app.test_client().get("/v1/events.atom", headers={"X-Forwarded-Proto": scheme})
    assert answer.status_code == status
    assert status == 200 or problem_of(answer) == (400, "malformed", ["X-Forwarded-Proto"])
