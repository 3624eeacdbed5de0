"""A request body of any length, read as it arrives."""

import hashlib
import time
from collections.abc import Iterator

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from service.errors import BodyTooLarge, StreamInterrupted, UnsupportedMediaType
from service.http.context import service
from service.http.request_codec import is_gzipped

#: Bytes that are read at once.
_CHUNK_BYTES = 65_536

_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


class StreamedBody:
    """The body of the current request. Create it within the request; its chunks may be read later."""

    def __init__(self, max_bytes: int) -> None:
        """Raises UnsupportedMediaType for an unknown encoding or charset, BodyTooLarge beyond `max_bytes`."""
        _require_readable()
        request.max_content_length = max_bytes
        self._max_bytes = max_bytes
        self._length = request.content_length
        self._tail = service().tail
        self._digest = hashlib.sha256(request.query_string + b"\n")
        self._is_complete = False
        try:
            self._stream = request.stream
        except RequestEntityTooLarge as error:
            raise self._too_large() from error

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes as they arrive.

        Raises StreamInterrupted where the body ends early, BodyTooLarge where it is too long.
        """
        total = 0
        while chunk := self._next_chunk():
            total += len(chunk)
            self._digest.update(chunk)
            if self._tail.ended:
                raise StreamInterrupted("The service was stopped.")
            yield chunk
            time.sleep(0)  # lets other greenlets run
        if self._length not in (None, total):
            raise StreamInterrupted("The connection was closed.")
        self._is_complete = True

    def fingerprint(self) -> bytes | None:
        """Return the SHA-256 of the query and the whole body; None before its end."""
        return self._digest.digest() if self._is_complete else None

    def _next_chunk(self) -> bytes:
        try:
            chunk: bytes = self._stream.read(_CHUNK_BYTES)
        except RequestEntityTooLarge as error:
            raise self._too_large() from error
        except Exception as error:
            # werkzeug, gunicorn and the socket each have errors of their own for it: nothing more comes.
            raise StreamInterrupted("The connection was closed.") from error
        return chunk

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"An import may have at most {self._max_bytes:,} bytes.")


def _require_readable() -> None:
    is_gzipped()  # the readers of an import find gzip by its first bytes
    if request.mimetype_params.get("charset", "utf-8").lower() not in _UTF_8:
        raise UnsupportedMediaType.at("Send the body in UTF-8.", header="Content-Type")
