"""The Host header."""

import pytest
from flask.testing import FlaskClient

from tests.service.problems import problem_of

MALFORMED = (400, "malformed", ["Host"])


@pytest.mark.parametrize(
    "host",
    ["localhost", "policy_trail.example:8000", "192.0.2.1:80", "[2001:db8::1]:8000", "xn--bcher-kva.example", "a:"],
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
    ],
)
def test_a_malformed_host_is_400(client: FlaskClient, host: str) -> None:
    assert problem_of(client.get("/v1/events", environ_overrides={"HTTP_HOST": host})) == MALFORMED


@pytest.mark.parametrize(("protocol", "status"), [("HTTP/1.1", 400), ("HTTP/1.0", 200)])
def test_only_http_1_0_may_omit_the_host(client: FlaskClient, protocol: str, status: int) -> None:
    class Bare:
        """A WSGI layer that drops the host that the test client adds."""

        def __init__(self, app: object) -> None:
            self.app = app

        def __call__(self, environ: dict[str, object], start: object) -> object:
            del environ["HTTP_HOST"]
            return self.app(environ | {"SERVER_PROTOCOL": protocol}, start)  # type: ignore[operator]

    client.application.wsgi_app = Bare(client.application.wsgi_app)  # type: ignore[method-assign]
    assert client.get("/v1/events").status_code == status
