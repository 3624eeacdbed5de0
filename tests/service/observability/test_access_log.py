"""What is sent stays out of the log, however much is logged and whatever goes wrong."""

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from service.ids import new_key
from service.observability.access_log import _without_messages
from tests.factories import an_event
from tests.service.conftest import make_key
from tests.serving import serving

#: Stands in every body and query that is sent.
MARK = "xylophone"


def test_no_key_body_or_query_reaches_the_log(database: str, tmp_path: Path) -> None:
    key, wrong = make_key(database, "admin"), new_key()
    log = tmp_path / "log"
    with (
        log.open("wb") as stderr,
        serving(database, stderr=stderr, POLICYTRAIL_LOG_LEVEL="DEBUG", POLICYTRAIL_WORKERS="1") as served,
    ):
        ask = _asking(served.port)
        made = ask("POST", "/v1/keys", {"name": MARK, "scopes": ["events:write"]}, X_API_Key=key)
        statuses = [
            ask("POST", "/v1/events", an_event(title=MARK), Authorization=f"Bearer {made['key']}")["title"],
            ask("POST", "/v1/events", an_event(title=MARK), Authorization=f"Bearer {wrong}")["status"],
            ask("POST", "/v1/events", an_event(status=MARK), X_API_Key=key)["status"],
            ask("POST", "/v1/events", an_event(title=MARK + "\0"), X_API_Key=key)["status"],
            ask("GET", f"/v1/events?{MARK}={MARK}&key={key}", None, X_API_Key=key)["status"],
            ask("GET", f"/v1/keys/{key}", None, X_API_Key=key, X_Request_Id=key)["status"],
            ask("GET", "/livez", None, X_Long=key * 1000)["status"],
        ]
        # PostgreSQL's message for this quotes the whole row.
        with psycopg.connect(database) as conn:
            conn.execute("ALTER TABLE event ADD CHECK (version > 1) NOT VALID")
        statuses.append(ask("POST", "/v1/events", an_event(title=MARK), X_API_Key=key)["status"])

    assert statuses == [MARK, 401, 422, 422, 422, 404, 431, 500]
    text = log.read_text()
    lines = [orjson.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines if line.get("route") == "/v1/events"] == [201, 401, 422, 422, 422, 500]
    assert [line["exception"].splitlines()[0] for line in lines if line["event"] == "unexpected"] == [
        "psycopg.errors.CheckViolation"
    ]
    assert [secret for secret in (key, wrong, made["key"], MARK) if secret in text] == []


def _asking(port: int) -> Any:
    def ask(method: str, path: str, body: Any, **headers: str) -> Any:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json"} | named)
        answer = connection.getresponse().read()
        connection.close()
        return orjson.loads(answer)

    return ask


def test_a_traceback_says_what_and_where_and_what_had_led_to_it_but_not_with_which_words() -> None:
    with pytest.raises(RuntimeError) as raised:
        _fail()
    text = _without_messages((RuntimeError, raised.value, raised.tb))

    assert [line for line in text.splitlines() if not line.startswith(" ")] == [
        "builtins.RuntimeError",
        "builtins.ValueError",
    ]
    assert "in _fail" in text
    assert MARK not in text


def _fail() -> None:
    words = "xylo" + "phone"  # else the line of source would hold the mark
    try:
        int(words)
    except ValueError as error:
        raise RuntimeError(words) from error
