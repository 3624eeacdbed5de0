"""A body that is read as it arrives, however long it is."""

import hashlib
import time
from collections.abc import Iterator

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from service.errors import BodyTooLarge, UnsupportedMediaType
from service.http.context import service
from service.imports.readers import PIECE
from service.imports.run import Cut

_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


class Arriving:
    """The request's body. Use it where the request is; what reads its pieces may do so later."""

    def __init__(self, most: int) -> None:
        """UnsupportedMediaType where it is packed or written in a way that we do not know; at most `most` bytes."""
        _require_readable()
        request.max_content_length = most
        self._most = most
        self._length = request.content_length
        self._tail = service().tail
        self._digest = hashlib.sha256(request.query_string + b"\n")
        self._is_whole = False
        try:
            self._stream = request.stream
        except RequestEntityTooLarge as error:
            raise self._too_large() from error

    def pieces(self) -> Iterator[bytes]:
        """The bytes as they come. Cut where they end before their end, BodyTooLarge where there are too many."""
        taken = 0
        while piece := self._next():
            taken += len(piece)
            self._digest.update(piece)
            if self._tail.ended:
                raise Cut("The service was stopped.")
            yield piece
            time.sleep(0)  # under gevent others have their turn
        if self._length not in (None, taken):
            raise Cut("The connection was cut.")
        self._is_whole = True

    def fingerprint(self) -> bytes | None:
        """The SHA-256 of query and body, as soon as all of it was read."""
        return self._digest.digest() if self._is_whole else None

    def _next(self) -> bytes:
        try:
            piece: bytes = self._stream.read(PIECE)
        except RequestEntityTooLarge as error:
            raise self._too_large() from error
        except Exception as error:
            # Whatever it is called, by werkzeug, gunicorn or the socket: nothing more comes.
            raise Cut("The connection was cut.") from error
        return piece

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"An import may have {self._most:,} bytes.")


def _require_readable() -> None:
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("gzip", "x-gzip", "identity"):
        raise UnsupportedMediaType.at("Send it as it is, or with Content-Encoding: gzip.", header="Content-Encoding")
    if request.mimetype_params.get("charset", "utf-8").lower() not in _UTF_8:
        raise UnsupportedMediaType.at("Send it in UTF-8.", header="Content-Type")
