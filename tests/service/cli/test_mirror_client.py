"""The mirror: answers that it reads, and services that it must not trust."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner

from service.cli import mirror_client
from service.cli.main import main
from service.cli.mirror_client import Mirror, MirrorError, follow, parse_answer, to_json


@pytest.mark.parametrize("number", ["9223372036854775808", "-9223372036854775809", "9" * 5_000, "1e400", "NaN"])
def test_a_number_that_the_copy_cannot_hold_is_an_error_of_the_service(number: str) -> None:
    with pytest.raises(MirrorError, match=r"The service sent a number that does not fit 64 bits: [-0-9eNa]{3,20}\."):
        parse_answer(b'{"items": [{"version": %s}]}' % number.encode())


def test_an_answer_is_copied_as_the_same_value() -> None:
    text = '{"items":[{"version":9223372036854775807,"times":[-9223372036854775808,1e+308,0.1,"1e400","NaN"]}]}'
    assert to_json(parse_answer(text.encode())) == text


@dataclass
class Scripted:
    """A service with the same answer for each path, and the requests that it got."""

    port: int = 0
    #: Status, headers and body by path; "*" stands for all others.
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    #: Path and Authorization of each request.
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def scripted(**answers: tuple[int, dict[str, str], bytes]) -> Iterator[Scripted]:
    """A service on a free port, until the block ends."""
    service = Scripted(answers=dict(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.requests.append((self.path, self.headers["Authorization"]))
            status, headers, body = service.answers.get(self.path.partition("?")[0]) or service.answers["*"]
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page(**members: Any) -> bytes:
    return json.dumps({"items": [], "next": None, "cursor": "c:1", "more": False} | members).encode()


def mirrored(service: Scripted, tmp_path: Path) -> None:
    """Mirror `service` once, with a key."""
    mirror = Mirror(service.url, tmp_path / "copy.sqlite", key="ptk_secret")
    try:
        follow(mirror, None, once=True)
    finally:
        mirror.db.close()


#: Links to elsewhere: {port} is that of another service, {own} that of the service itself.
FOREIGN = [
    "http://127.0.0.1:{port}/v1/events",
    "//127.0.0.1:{port}/v1/events",
    "http://127.0.0.1:{own}@127.0.0.1:{port}/",
    "https://127.0.0.1:{own}/v1/events",
    "http://localhost:{own}/v1/events",
    "file:///etc/hostname",
    "FILE:/etc/hostname",
    "ftp://127.0.0.1:{port}/",
    "data:application/json,{{}}",
    "javascript:1",
    "http://[::1",
    "http://127.0.0.1:port/",
]


@pytest.mark.parametrize("link", FOREIGN)
@pytest.mark.parametrize("is_redirect", [False, True], ids=["next", "redirect"])
def test_a_key_goes_to_the_named_service_alone(link: str, is_redirect: bool, tmp_path: Path) -> None:  # noqa: FBT001 (a parameter of the test)
    with scripted(**{"*": (200, {}, page())}) as other, scripted() as service:
        address = link.format(port=other.port, own=service.port)
        first = (302, {"Location": address}, b"") if is_redirect else (200, {}, page(next=address))
        service.answers["*"] = first
        with pytest.raises(MirrorError):
            mirrored(service, tmp_path)
        assert (len(service.requests), other.requests) == (1, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_service_is_followed_with_the_key(status: int, tmp_path: Path) -> None:
    with scripted() as service:
        service.answers |= {
            "/v1/events": (status, {"Location": "/moved/events"}, b""),
            "/moved/events": (200, {}, page(next=f"{service.url}/v1/more?cursor=1")),
            "*": (200, {}, page()),
        }
        mirrored(service, tmp_path)
        paths = [path.partition("?")[0] for path, _ in service.requests]
        assert paths == ["/v1/events", "/moved/events", "/v1/more", "/v1/changes"]
        assert {key for _, key in service.requests} == {"Bearer ptk_secret"}


ENTRY = {"event_id": "1", "version": 1, "kind": "create", "document": {}}

#: Bodies with status 200 that are no page.
MALFORMED: dict[str, bytes] = {
    "HTML": b"<!doctype html><title>Log in</title>",
    "empty": b"",
    "an array": b"[]",
    "no items": b"{}",
    "items of another type": page(items={"a": 1}),
    "members of another type": page(items=[1]),
    "no id": page(items=[{"version": 1}]),
    "an id of another type": page(items=[{"id": {}, "version": 1}]),
    "a version of another type": page(items=[{"id": "1", "version": [1]}]),
    "a next of another type": page(next=7),
    "a next with white space": page(next="/v1/events?a b"),
    "half of a surrogate pair": page(items=[{"id": "\ud800", "version": 1}]),
    "deep": b"[" * 100_000,
    "Latin-1": b'{"items": "\xe9"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_malformed_page_is_one_line(body: bytes, coding: str, tmp_path: Path) -> None:
    sent = gzip.compress(body) if coding else body
    with scripted(**{"*": (200, {"Content-Encoding": coding} if coding else {}, sent)}) as service:
        done = CliRunner().invoke(main, ["mirror", service.url, str(tmp_path / "copy.sqlite"), "--once"])
    assert done.exit_code == 1, done.output
    assert done.output.startswith("Error: ")
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(
    "entries",
    [
        {"items": [ENTRY | {"version": "1"}]},
        {"items": [ENTRY | {"event_id": None}]},
        {"items": [ENTRY | {"document": 5}]},
        {"items": [{name: value for name, value in ENTRY.items() if name != "kind"}]},
        {"cursor": 5},
        {"more": "yes"},
    ],
)
def test_a_malformed_change_is_an_error(entries: dict[str, Any], tmp_path: Path) -> None:
    with (
        scripted(**{"/v1/events": (200, {}, page()), "*": (200, {}, page(**entries))}) as service,
        pytest.raises(MirrorError, match="missing or of another type"),
    ):
        mirrored(service, tmp_path)


def test_a_page_that_leads_to_itself_is_an_error(tmp_path: Path) -> None:
    with scripted(**{"*": (200, {}, page(next="/v1/events?cursor=1"))}) as service:
        with pytest.raises(MirrorError, match="leads to itself"):
            mirrored(service, tmp_path)
        assert len(service.requests) == 2


def test_changes_that_lead_to_themselves_are_an_error(tmp_path: Path) -> None:
    with scripted(**{"*": (200, {}, page(more=True))}) as service:
        with pytest.raises(MirrorError, match="leads to itself"):
            mirrored(service, tmp_path)
        assert len(service.requests) == 2


def test_a_snapshot_without_a_cursor_is_an_error(tmp_path: Path) -> None:
    with scripted(**{"*": (200, {}, page(cursor=None))}) as service:
        with pytest.raises(MirrorError, match="`cursor` is missing"):
            mirrored(service, tmp_path)
        assert len(service.requests) == 1


def test_a_list_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with scripted(**{"*": (410, {}, b"Moved to another host.")}) as service:
        done = CliRunner().invoke(main, ["mirror", service.url, str(tmp_path / "copy.sqlite"), "--once"])
    assert done.exit_code == 1
    assert done.output == "Error: 410 Moved to another host.\n"


def test_what_is_not_gzip_as_it_says_is_an_error(tmp_path: Path) -> None:
    with (
        scripted(**{"*": (200, {"Content-Encoding": "br"}, page())}) as service,
        pytest.raises(MirrorError, match="not JSON"),
    ):
        mirrored(service, tmp_path)


def test_controls_in_an_error_do_not_reach_the_terminal(tmp_path: Path) -> None:
    with scripted(**{"*": (422, {}, b"\x1b[2Jno" + b"x" * 10_000)}) as service:
        done = CliRunner().invoke(main, ["mirror", service.url, str(tmp_path / "copy.sqlite"), "--once"])
    assert "\x1b" not in done.output
    assert len(done.output) < 600


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("5", 5), ("0", 0), ("-1", 0), ("", 0), ("²", 0), ("9" * 400, 0), ("999999", 3_600), ("Sat, 28 Nov 2026", 0)],
)
def test_no_retry_after_stops_the_mirror(asked: str, seconds: int) -> None:
    headers: Any = {"Retry-After": asked}
    error = HTTPError("http://localhost", 503, "", headers, None)
    assert mirror_client._retry_after(error) == seconds
    error.close()


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "http://a:b/", "http://a b/", "http://me:pw@host/", "http://a\tb/"]
)
def test_an_invalid_url_is_one_line(url: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["mirror", url, str(tmp_path / "copy.sqlite"), "--once"])
    assert (done.exit_code, done.output.count("\n")) == (1, 1), done.output


def test_a_file_of_another_kind_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite"
    file.write_bytes(b"no database at all" * 100)
    done = CliRunner().invoke(main, ["mirror", "http://127.0.0.1:9", str(file), "--once"])
    assert (done.exit_code, done.output.count("\n")) == (1, 1), done.output
