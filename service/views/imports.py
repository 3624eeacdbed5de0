"""/v1/imports: create and update many events in one request."""

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from threading import Semaphore
from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, Response, request, url_for

from schemas.imports import MAX_REPORT_ERRORS, ImportQuerySchema, ImportSchema, ImportSummarySchema
from schemas.lists import PageQuerySchema, page_of
from service import clock, store
from service.cursors import decode_cursor, encode_cursor, fingerprint, invalid_cursor
from service.db.pool import Database
from service.errors import Conflict, Malformed, NotFound, StreamInterrupted, Unavailable
from service.http import idempotency
from service.http.auth import requires
from service.http.content_negotiation import NDJSON, PAGES, Format, format_for
from service.http.context import caller, key_id, reading, service, settings
from service.http.operation import JSON, operation
from service.http.pages import page_response, page_size
from service.http.streamed_body import StreamedBody
from service.imports.options import ImportOptions
from service.imports.progress import Progress
from service.imports.readers import read_rows
from service.imports.report import error_lines, import_report, import_summary, progress_line
from service.imports.run import Import, begin_import
from service.store.idempotency import RequestKey
from service.store.imports import StoredImport
from service.strict_json import render

imports = Blueprint("imports", __name__, url_prefix="/v1/imports")

log = structlog.get_logger()

#: Formats by the media type of the request body.
MEDIA_TYPES = dict.fromkeys(NDJSON.media_types, "ndjson") | {
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
}

#: Formats of the response: lines of progress with the import in the last one, or the import alone.
LINES = Format("ndjson", "ndjson", NDJSON.media_types, NDJSON.content_type)
FORMS = (LINES, PAGES)

#: Seconds between two lines of progress.
_PROGRESS_EVERY = 1.0

_CURSOR_OF = fingerprint("imports")


@imports.post("")
@requires("events:write")
@operation(
    query=ImportQuerySchema,
    takes=tuple(MEDIA_TYPES),
    returns=(201, ImportSchema),
    formats=FORMS,
    also=[Conflict],
)
def create_import(query: dict[str, Any]) -> Response:
    """Import events in bulk.

    Send NDJSON with one record per line, or CSV with the columns of an export, gzipped or not. The body may be of any
    length and is read as it arrives. A row updates the event with its external id or id, and creates one where there is
    none. A row that says nothing new changes nothing, so you can send the same file again to resume an interrupted
    import. The response begins before the request has ended: one line of progress per second, then the import in the
    last line. With `Accept: application/json` you get the import alone. The status is 201 whatever the result of the
    rows: check `state`. New records with `version` and times keep them if your key has the scope `admin`. With an
    `Idempotency-Key`, sending the same body again returns the finished import; an import that was interrupted or has
    failed runs again.
    """
    body, key = StreamedBody(settings().max_import_bytes), _idempotent_request()
    if key and (earlier := _finished_import(key)):
        return _replay(earlier, body)
    slot = ImportSlot(service().imports)
    try:
        running, progress = _begin(query, body, key)
        format_ = _response_format()
        headers = {"Location": _url(running.job.stored), "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        content = _report_at_end(running, progress) if format_ is PAGES else _lines(running, progress, slot)
    except BaseException:
        slot.release()
        raise
    response = Response(content, 201, headers, content_type=format_.content_type)
    response.call_on_close(progress.close)
    response.call_on_close(slot.release)
    response.call_on_close(partial(_log, running))
    return response


@imports.get("")
@requires("events:write")
@operation(query=PageQuerySchema, returns=(200, page_of(ImportSummarySchema)))
def list_imports(query: dict[str, Any]) -> Response:
    """List your key's imports, newest first; with the scope `admin`, the imports of all keys."""
    limit = page_size(query)
    before = _id_in(decode_cursor(query["cursor"], _CURSOR_OF, 1)[0]) if query["cursor"] else None
    with reading() as conn:
        stored = store.imports.page_imports(conn, clock.now(), owner=_owner(), before=before, limit=limit + 1)
    cursor = encode_cursor(_CURSOR_OF, [str(stored[limit - 1].id)]) if len(stored) > limit else None
    return page_response([render(import_summary(one)) for one in stored[:limit]], cursor)


@imports.get("/<uuid:import_id>")
@requires("events:write")
@operation(returns=(200, ImportSchema), also=[NotFound])
def get_import(import_id: UUID) -> Response:
    """Read an import: its progress or its result, with the first errors."""
    with reading() as conn:
        stored = store.imports.get_import(conn, import_id, clock.now(), owner=_owner())
        errors = store.imports.page_errors(conn, import_id, limit=MAX_REPORT_ERRORS)
    report = render(import_report(stored, errors))
    return Response(report, content_type=JSON, headers={"Cache-Control": "private, no-cache"})


@imports.get("/<uuid:import_id>/errors")
@requires("events:write")
@operation(returns=(200, None), media_type=LINES.content_type, also=[NotFound])
def list_import_errors(import_id: UUID) -> Response:
    """Read all errors of an import as NDJSON, in the order of its lines."""
    with reading() as conn:
        store.imports.get_import(conn, import_id, clock.now(), owner=_owner())
    lines = _error_lines(service().database, import_id)
    return Response(lines, content_type=LINES.content_type, headers={"Cache-Control": "private, no-cache"})


class ImportSlot:
    """One of the imports that may run at once. Raises Unavailable where all are running."""

    def __init__(self, slots: Semaphore) -> None:
        if not slots.acquire(blocking=False):
            raise Unavailable("Too many imports are running; retry when one has finished.")
        self._slots: Semaphore | None = slots

    def release(self) -> None:
        """Let another import run."""
        slots, self._slots = self._slots, None
        if slots:
            slots.release()


def _owner() -> UUID | None:
    """Return the key whose imports the caller may see; None for an admin, who sees all."""
    key = caller()
    return None if key is None or "admin" in key.scopes else key.id


def _idempotent_request() -> RequestKey | None:
    token = request.headers.get(idempotency.HEADER)
    return idempotency.request_key(token) if token is not None else None


def _finished_import(key: RequestKey) -> StoredImport | None:
    """Return the finished import with this Idempotency-Key; None where it failed or was interrupted."""
    with reading() as conn:
        stored = store.imports.find_import_by_token(conn, key.key_id, key.token, clock.now())
    if stored and stored.state == "running":
        raise store.imports.already_running()
    return stored if stored and stored.state == "done" else None


def _replay(earlier: StoredImport, body: StreamedBody) -> Response:
    """Return the report of an earlier import. Raises Invalid where the body is another one."""
    with _interruption_is_malformed():
        for _ in body.chunks():
            pass
    if body.fingerprint() != earlier.fingerprint:
        raise idempotency.key_reused()
    format_ = _response_format()
    headers = {"Location": _url(earlier), "Cache-Control": "no-store", "Idempotent-Replayed": "true"}
    report = _report(service().database, earlier.id) + (b"" if format_ is PAGES else b"\n")
    return Response(report, 201, headers, content_type=format_.content_type)


def _begin(query: dict[str, Any], body: StreamedBody, key: RequestKey | None) -> tuple[Import, Generator[Progress]]:
    """Begin an import when its first row has arrived, so that earlier errors are answered as problems."""
    api_key, format_ = caller(), MEDIA_TYPES[request.mimetype]
    options = ImportOptions(
        key_id=key_id(),
        preserve_versions=api_key is not None and "admin" in api_key.scopes,
        keep_edits=query["keep_edits"],
        dry_run=query["dry_run"],
    )
    max_line_bytes, max_bytes = settings().max_body_bytes, settings().max_import_bytes
    with _interruption_is_malformed():
        rows = read_rows(
            body.chunks(), format_, service().json_limits, max_line_bytes=max_line_bytes, max_bytes=max_bytes
        )
        first = list(islice(rows, 1))
    token = key.token if key else None
    job = begin_import(service().database, settings(), options, format=format_, mode=query["mode"], token=token)
    running = Import(job, fingerprint=body.fingerprint)
    return running, running.run(chain(first, rows))


@contextmanager
def _interruption_is_malformed() -> Iterator[None]:
    """Answer a body that ends before an import has begun like any other malformed body."""
    try:
        yield
    except StreamInterrupted as error:
        raise Malformed(str(error)) from error


def _response_format() -> Format:
    return format_for(request.headers.get("Accept", ""), FORMS) or LINES


def _url(stored: StoredImport) -> str:
    return url_for("imports.get_import", import_id=stored.id)


def _report_at_end(running: Import, progress: Iterable[Progress]) -> bytes:
    for _ in progress:
        pass
    return _report(running.job.database, running.job.stored.id)


def _lines(running: Import, progress: Iterable[Progress], slot: ImportSlot) -> Iterator[bytes]:
    """Yield lines of progress, then the report as the last line."""
    last = time.monotonic()
    yield progress_line(running.job.stored, running.progress)
    for step in progress:
        now = time.monotonic()
        if now - last >= _PROGRESS_EVERY:
            last = now
            yield progress_line(running.job.stored, step)
    slot.release()
    yield _report(running.job.database, running.job.stored.id) + b"\n"


def _log(running: Import) -> None:
    """Log the end of an import; the line of its request is about the beginning only."""
    counts = vars(running.progress.counts)
    log.info("import", import_id=str(running.job.stored.id), state=running.state, line=running.progress.line, **counts)


def _report(database: Database, import_id: UUID) -> bytes:
    with database.reading() as conn:
        stored = store.imports.get_import(conn, import_id, clock.now())
        return render(import_report(stored, store.imports.page_errors(conn, import_id, limit=MAX_REPORT_ERRORS)))


def _error_lines(database: Database, import_id: UUID) -> Iterator[bytes]:
    """Yield all errors, a page at a time, so that no connection waits for a slow client."""
    after = (0, -1)
    while True:
        with database.reading() as conn:
            errors = store.imports.page_errors(conn, import_id, after=after, limit=MAX_REPORT_ERRORS)
        if not errors:
            return
        yield error_lines(errors)
        after = errors[-1].line, errors[-1].place


def _id_in(cursor: str) -> str:
    """Return the id in a cursor. Raises Invalid where it is not an id."""
    try:
        return str(UUID(cursor))
    except ValueError as error:
        raise invalid_cursor() from error
