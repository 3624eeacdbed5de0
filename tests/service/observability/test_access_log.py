"""The access log: its fields, its ids, and no trace of a request's content."""

import json
import logging
import re
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson
import psycopg
import pytest
from flask.testing import FlaskClient
from structlog.testing import CapturingLogger

from service.config import ROOT
from service.ids import new_key
from service.observability import access_log
from service.observability.access_log import _without_messages, render_line, trace_id
from tests.factories import an_event
from tests.servers import serving
from tests.service.conftest import make_key
from tests.service.problems import problem_of

MONITORING = (ROOT / "docs" / "reference" / "monitoring.md").read_text()

TRACE = "0af7651916cd43dd8448eb211c80319c"

#: A word in every body and query that the tests send.
MARK = "xylophone"


def test_a_log_line_has_the_documented_fields(database: str, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(database, POLICYTRAIL_LOG_LEVEL="INFO", POLICYTRAIL_WORKERS="1") as served:
        urlopen(served.url + "/v1/events?limit=1", timeout=10).close()  # noqa: S310 (the address of this test)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line["event"] == "request"]
    section = MONITORING.split("## Access log")[1].split("## ")[0]
    assert sorted(line) == sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """Capture the access log."""
    log = CapturingLogger()
    monkeypatch.setattr(access_log, "log", log)
    return log


def test_a_log_line_has_trace_key_and_database_time(client: FlaskClient, log: CapturingLogger) -> None:
    client.get("/v1/events?tag=secret", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    [(_, _, line)] = log.calls
    assert (line["route"], line["path"], line["status"], line["trace_id"]) == ("/v1/events", "/v1/events", 200, TRACE)
    assert 0 < line["db_ms"] <= line["ms"]
    assert len(line["key"]) == 36
    assert "secret" not in str(line)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "nonsense",
        f"00-{TRACE}-b7ad6b7169203331",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{TRACE}-b7ad6b7169203331-01-more",
        f"00-{TRACE}-b7ad6b7169203331-01\n",
    ],
)
def test_a_malformed_traceparent_starts_a_new_trace(malformed: str) -> None:
    ids = {trace_id(malformed), trace_id(malformed), trace_id(None)}
    assert len(ids) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", id_) and id_ != TRACE for id_ in ids)


def test_a_traceparent_of_a_later_version_is_accepted() -> None:
    assert trace_id(f"00-{TRACE}-b7ad6b7169203331-00") == TRACE
    assert trace_id(f"01-{TRACE}-b7ad6b7169203331-01-what-is-new") == TRACE


@pytest.mark.parametrize("sent", ["abc", "A-1_b.c", "x" * 128])
def test_a_request_id_is_echoed(client: FlaskClient, sent: str) -> None:
    for address in ("/v1/events", "/v1/nothing"):
        assert client.get(address, headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "é", '"', "<script>", "x" * 129])
def test_an_unsafe_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    given = client.get("/v1/nothing", headers={"X-Request-Id": sent})
    assert problem_of(given).status == 404
    assert len(given.headers["X-Request-Id"]) == 36


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


def test_a_traceback_has_types_and_frames_but_no_messages() -> None:
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


@pytest.mark.parametrize("control", [chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x202E, 0x2066]])
def test_no_control_character_is_raw_in_a_line(control: str) -> None:
    line = render_line({"path": f"/v1/é{control}[2J"})
    assert control.encode() not in line
    assert orjson.loads(line) == {"path": f"/v1/é{control}[2J"}


def test_other_characters_are_written_as_they_are() -> None:
    assert render_line({"path": "/é 日本 👍"}) == '{"path":"/é 日本 👍"}'.encode()


@pytest.mark.parametrize("value", ["\ud800", {1: object()}, 2**70, {"a": {frozenset({1})}}])
def test_no_value_of_a_line_raises(value: Any) -> None:
    assert json.loads(access_log.render_line({"event": "request", "path": value}))["event"] == "request"


def test_a_library_whose_arguments_do_not_fit_its_message_is_logged_with_the_message(log: CapturingLogger) -> None:
    record = logging.makeLogRecord({"name": "a.library", "levelno": 40, "msg": "%d of %d", "args": ("one",)})
    access_log._LibraryLog().handle(record)
    assert log.calls[0].kwargs["message"] == "%d of %d"
