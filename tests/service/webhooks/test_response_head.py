"""The head of a response, however malformed."""

import pytest

from service.webhooks.response_head import MAX_HEAD_BYTES, ResponseHead


def head_of(*pieces: bytes) -> ResponseHead:
    head = ResponseHead()
    for piece in pieces:
        head.add(piece)
    return head


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\n", 204),
        (b"HTTP/1.0 200\n", 200),
        (b"\r\nHTTP/1.1 503 \xff\r\n", 503),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 410 Gone\r\n", 410),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\nX: y", None),
        (b"HTTP/1.1 20", None),
        (b"HTTP/1.1 200", None),
        (b"HTTP/1.1 2000 OK\r\n", None),
        (b"HTTP/9.9 200 OK\r\n", None),
        (b"ok", None),
        (b"", None),
    ],
)
def test_the_status_is_that_of_the_final_response(data: bytes, status: int | None) -> None:
    assert head_of(data).status == head_of(*(bytes([byte]) for byte in data)).status == status


def test_headers_are_read_as_far_as_they_arrived() -> None:
    data = b"HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nno colon\r\n: nameless\r\nX-\xff: caf\xc3\xa9"
    assert list(head_of(data).headers()) == [("Retry-After", "9"), ("", "nameless"), ("X-\ufffd", "caf\xe9")]
    assert list(head_of(data, b"\r\n\r\nNot: a header").headers()) == list(head_of(data).headers())
    assert list(head_of(b"HTTP/1.1 204 \r\n\r\nNot: a header").headers()) == []
    assert list(head_of(b"ok").headers()) == []


def test_a_head_is_bounded() -> None:
    head = head_of(b"HTTP/1.1 200 OK\r\nX: ", *[b"y" * 1000] * 100)
    [(_, value)] = head.headers()
    assert len(value) < MAX_HEAD_BYTES
