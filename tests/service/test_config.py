"""The settings that gunicorn enforces."""

from http.client import HTTPConnection

from tests.servers import serving


def test_the_request_line_and_headers_are_limited(database: str) -> None:
    with serving(
        database,
        POLICYTRAIL_WORKERS="1",
        POLICYTRAIL_MAX_REQUEST_LINE="200",
        POLICYTRAIL_MAX_HEADERS="10",
        POLICYTRAIL_MAX_HEADER_BYTES="100",
    ) as served:
        asked: dict[str, dict[str, str]] = {
            "/livez": {},
            "/livez?" + "x" * 200: {},
            "/livez?a": {"X-Long": "x" * 101},
            "/livez?b": {f"X-{number}": "1" for number in range(10)},
        }
        statuses = [_status(served.port, path, headers) for path, headers in asked.items()]
    assert statuses == [200, 414, 431, 431]


def _status(port: int, path: str, headers: dict[str, str]) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status
