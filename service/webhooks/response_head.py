"""The head of a response as it arrived: the status counts even if the parser refuses the rest."""

import re
from collections.abc import Iterator
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from aiohttp.client_proto import ResponseHandler

#: Bytes of a response that are recorded.
MAX_HEAD_BYTES = 16_384

_STATUS_LINE = re.compile(rb"(?:\r?\n)*HTTP/1\.\d ([1-5]\d\d)(?: [^\r\n]*)?\r?\n")
_END = re.compile(rb"\r?\n\r?\n")

#: The head of the response that the current task waits for.
EXPECTED_HEAD: ContextVar["ResponseHead"] = ContextVar("expected_head")


class ResponseHead:
    """The first bytes of the response to one request."""

    def __init__(self) -> None:
        """Begin before the first byte."""
        self._data = bytearray()
        #: Whether the connection had served another request, whose response may have left bytes behind.
        self.is_reused = False

    def add(self, data: bytes) -> None:
        """Record the next bytes, up to the limit."""
        if len(self._data) < MAX_HEAD_BYTES:
            self._data += data[: MAX_HEAD_BYTES - len(self._data)]

    @property
    def status(self) -> int | None:
        """The status of the response behind any interim ones (1xx), or None if its status line did not arrive."""
        line = self._status_line()
        return int(line[1]) if line else None

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yield the headers that arrived, in any form that has a colon."""
        line = self._status_line()
        if line is None:
            return
        end = _END.search(self._data, line.end() - 2)
        for header in self._data[line.end() : end.start() if end else None].decode("utf-8", "replace").splitlines():
            name, colon, value = header.partition(":")
            if colon:
                yield name.strip(), value.strip()

    def _status_line(self) -> re.Match[bytes] | None:
        start = 0
        while line := _STATUS_LINE.match(self._data, start):
            if int(line[1]) >= HTTPStatus.OK:
                return line
            end = _END.search(self._data, line.end() - 2)
            if end is None:
                return None
            start = end.end()
        return None


class RecordingHandler(ResponseHandler):
    """aiohttp's protocol of a connection, which also records the head of each response."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """See ResponseHandler."""
        super().__init__(*arguments, **options)
        self._head: ResponseHead | None = None

    def set_response_params(self, **parameters: Any) -> None:
        """Expect the response of the current task's request."""
        head = EXPECTED_HEAD.get()
        head.is_reused, self._head = self._head is not None, head
        super().set_response_params(**parameters)

    def data_received(self, data: bytes) -> None:
        """Record the data, and parse it."""
        if self._head is not None:
            self._head.add(data)
        super().data_received(data)
