"""Files that begin to be sent before they are complete, and break off visibly where something goes wrong."""

import errno
import socket
import struct
import time
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import chain, islice
from typing import Any, TypeVar

import structlog
from flask import Response, g, request
from psycopg import Connection

from service.http.content_negotiation import PARQUET, Format, codings_for
from service.http.context import service

T = TypeVar("T")

#: Of tracker rows, measured: level 1 packs 310 MB/s to 15.1 %, level 3 250 MB/s to 13.6 %, level 6 110 MB/s to 11.7 %.
_GZIP_LEVEL = 3

#: zlib writes gzip, header and checksum included.
_GZIP = 16 + zlib.MAX_WBITS

#: A socket closed so resets the connection.
_AT_ONCE = struct.pack("ii", 1, 0)

log = structlog.get_logger()


def send_file(
    form: Format, name: str, read: Callable[[Connection], Iterable[T]], write: Callable[[Iterable[T]], Iterator[bytes]]
) -> Response:
    """A file `name` in `form`: what `write` makes of the batches that `read` reads from one state of the database.

    What goes wrong before the first batch is there is answered as a problem. After that the connection is reset. A
    reader who goes away ends the transaction.
    """
    told = {"form": form.name, "file": name, "request_id": g.get("request_id")}
    batches = _read(service().database.exporting(), read, told)
    first = list(islice(batches, 1))
    chunks = write(chain(first, batches))
    headers = {
        "Content-Type": form.content_type,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}.{form.suffix}"',
    }
    if _wants_gzip(request.environ, form):
        chunks, headers["Content-Encoding"] = _gzipped(chunks), "gzip"
    response = Response(_reset_if_broken(chunks, request.environ, told), headers=headers)
    response.call_on_close(batches.close)
    return response


def _read(
    transaction: AbstractContextManager[Connection],
    read: Callable[[Connection], Iterable[T]],
    told: Mapping[str, Any],
) -> Generator[T]:
    """The batches, in a transaction that ends with the last one, or when this is closed."""
    began, outcome, count = time.perf_counter(), "left", 0
    try:
        with transaction as conn:
            for batch in read(conn):
                yield batch
                count += 1
        outcome = "complete"
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        ms = round((time.perf_counter() - began) * 1000)
        log.info("export", outcome=outcome, batches=count, ms=ms, **told)


def _wants_gzip(environ: Mapping[str, Any], form: Format) -> bool:
    named = environ.get("HTTP_ACCEPT_ENCODING")
    codings = codings_for(named)
    # Parquet is packed already.
    return bool(named) and codings.gzip and (form is not PARQUET or not codings.identity)


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
    for chunk in chunks:
        # Flushed, so that a reader sees the first rows while the others are still read.
        yield packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _reset_if_broken(chunks: Iterable[bytes], environ: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[bytes]:
    """The chunks. Where they break off, the connection is reset: in HTTP/1.0 a mere end of it would look like success.

    What went wrong is logged; gunicorn takes the error for a reader's fault and says nothing of its own.
    """
    try:
        yield from chunks
    except Exception as error:
        log.exception("export broke off", **told)
        if connection := environ.get("gunicorn.socket"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        raise ConnectionResetError(errno.ECONNRESET, "The answer could not be completed.") from error
