"""/v1/imports: many events at once, and what became of them."""

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from threading import Semaphore
from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, Response, request, url_for

from schemas.imports import ImportQuerySchema, ImportSchema, ImportSummarySchema
from schemas.lists import PageQuerySchema, page_of
from service import store
from service.db.pool import Database
from service.errors import Conflict, Malformed, NotFound, Unavailable
from service.http import idempotency
from service.http.auth import requires
from service.http.content_negotiation import NDJSON, PAGES, Format, format_for
from service.http.context import caller, key_id, reading, service, settings
from service.http.cursors import decode_cursor, encode_cursor, fingerprint, unusable
from service.http.operation import JSON, operation
from service.http.pages import page, page_size
from service.http.streamed_body import Arriving
from service.imports.options import Terms
from service.imports.progress import Progress
from service.imports.readers import entries_of
from service.imports.report import MOST_ERRORS, error_lines, progress_line, report, summary
from service.imports.run import Cut, Run, begin
from service.store.idempotency import RequestKey
from service.store.imports import Import
from service.strict_json import render

imports = Blueprint("imports", __name__, url_prefix="/v1/imports")

log = structlog.get_logger()

#: What an import is sent as, by its format.
MEDIA_TYPES = dict.fromkeys(NDJSON.media_types, "ndjson") | {
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
}

#: What an import is answered as: lines of progress, the last of which is the import, or that alone.
LINES = Format("ndjson", "ndjson", NDJSON.media_types, NDJSON.content_type)
FORMS = (LINES, PAGES)

#: Seconds between two words of progress.
_TOLD_EVERY = 1.0

_BOUND_TO = fingerprint("imports")


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

    NDJSON with a record a line, or CSV with the columns of an export; gzipped or not, of any length, read as it
    arrives. A row changes the event that has its external id or its id; where there is none it makes one. What says
    nothing new changes nothing, so the same sent again after an interruption goes on where that one ended. The answer
    begins before the body has ended: a line of progress a second, and in the last line the import as it is kept at its
    address. With Accept: application/json it is that alone. It is 201 whatever became of the rows: look at `state`.
    Records with version and times keep them where the key has the scope admin and there is no such event yet. An
    Idempotency-Key that is sent again with the same body answers with the import that is done by then, and runs anew
    where it was interrupted or has failed.
    """
    body, idempotency_key = Arriving(settings().max_import_bytes), _request_key()
    if idempotency_key and (earlier := _done_before(idempotency_key)):
        return _replayed(earlier, body)
    place = Place(service().imports)
    try:
        run, progress = _begun(query, body, idempotency_key)
        asked_for = _asked_for()
        headers = {"Location": _address(run.errand.begun), "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        told = _last_line(run, progress) if asked_for is PAGES else _lines(run, progress, place)
    except BaseException:
        place.leave()
        raise
    response = Response(told, 201, headers, content_type=asked_for.content_type)
    response.call_on_close(progress.close)
    response.call_on_close(place.leave)
    response.call_on_close(partial(_log, run))
    return response


@imports.get("")
@requires("events:write")
@operation(query=PageQuerySchema, returns=(200, page_of(ImportSummarySchema)))
def list_imports(query: dict[str, Any]) -> Response:
    """List imports, the last first: those of the key, of all keys for one with the scope admin."""
    limit = page_size(query)
    before = _id_in(decode_cursor(query["cursor"], _BOUND_TO, 1)[0]) if query["cursor"] else None
    with reading() as conn:
        found = store.imports.page_imports(conn, datetime.now(UTC), owner=_owner(), before=before, limit=limit + 1)
    cursor = encode_cursor(_BOUND_TO, [str(found[limit - 1].id)]) if len(found) > limit else None
    return page([render(summary(one)) for one in found[:limit]], cursor)


@imports.get("/<uuid:import_id>")
@requires("events:write")
@operation(returns=(200, ImportSchema), also=[NotFound])
def get_import(import_id: UUID) -> Response:
    """Read what became of an import, or how far it has come."""
    with reading() as conn:
        found = store.imports.get_import(conn, import_id, datetime.now(UTC), owner=_owner())
        errors = store.imports.page_errors(conn, import_id, limit=MOST_ERRORS)
    return Response(render(report(found, errors)), content_type=JSON, headers={"Cache-Control": "private, no-cache"})


@imports.get("/<uuid:import_id>/errors")
@requires("events:write")
@operation(returns=(200, None), media_type=LINES.content_type, also=[NotFound])
def list_import_errors(import_id: UUID) -> Response:
    """Read all errors of an import, a line each, in the order of its lines."""
    with reading() as conn:
        store.imports.get_import(conn, import_id, datetime.now(UTC), owner=_owner())
    lines = _error_lines(service().database, import_id)
    return Response(lines, content_type=LINES.content_type, headers={"Cache-Control": "private, no-cache"})


class Place:
    """One of the places that there are for imports. Unavailable where none is free."""

    def __init__(self, places: Semaphore) -> None:
        if not places.acquire(blocking=False):
            raise Unavailable("As many imports as may run at once are running.")
        self._places: Semaphore | None = places

    def leave(self) -> None:
        """Let another import have it."""
        places, self._places = self._places, None
        if places:
            places.release()


def _owner() -> UUID | None:
    """Whose imports the caller may see: its own, or everybody's where it is an admin."""
    key = caller()
    return None if key is None or "admin" in key.scopes else key.id


def _request_key() -> RequestKey | None:
    token = request.headers.get(idempotency.HEADER)
    return idempotency.request_key(token) if token is not None else None


def _done_before(key: RequestKey) -> Import | None:
    """The import that the Idempotency-Key has brought about. One that did not get through is none."""
    with reading() as conn:
        found = store.imports.find_import_by_token(conn, key.key_id, key.token, datetime.now(UTC))
    if found and found.state == "running":
        raise Conflict("An import with this Idempotency-Key is running right now; ask again when it has ended.")
    return found if found and found.state == "done" else None


def _replayed(earlier: Import, body: Arriving) -> Response:
    """The import as it is kept, if the body is the same."""
    with _cut_is_malformed():
        for _ in body.pieces():
            pass
    if body.fingerprint() != earlier.fingerprint:
        raise idempotency.key_reused()
    asked_for = _asked_for()
    headers = {"Location": _address(earlier), "Cache-Control": "no-store", "Idempotent-Replayed": "true"}
    told = _report(service().database, earlier.id) + (b"" if asked_for is PAGES else b"\n")
    return Response(told, 201, headers, content_type=asked_for.content_type)


def _begun(
    query: dict[str, Any], body: Arriving, idempotency_key: RequestKey | None
) -> tuple[Run, Generator[Progress]]:
    """An import whose first row has come, and its progress. What is wrong before that is a problem like any other."""
    key, form = caller(), MEDIA_TYPES[request.mimetype]
    terms = Terms(
        key_id=key_id(),
        is_trusted=key is not None and "admin" in key.scopes,
        keeps_edits=query["keep_edits"],
        dry_run=query["dry_run"],
    )
    bounds, longest, most = service().json_limits, settings().max_body_bytes, settings().max_import_bytes
    entries = entries_of(body.pieces(), form, bounds, longest=longest, most=most)
    with _cut_is_malformed():
        first = list(islice(entries, 1))
    token = idempotency_key.token if idempotency_key else None
    errand = begin(service().database, settings(), terms, form=form, mode=query["mode"], token=token)
    run = Run(errand, fingerprint=body.fingerprint)
    return run, run.go(chain(first, entries))


@contextmanager
def _cut_is_malformed() -> Iterator[None]:
    """Where no import has begun yet, one that is cut is told like any body that ends too early."""
    try:
        yield
    except Cut as error:
        raise Malformed(str(error)) from error


def _asked_for() -> Format:
    return format_for(request.headers.get("Accept", ""), FORMS) or LINES


def _address(one: Import) -> str:
    return url_for("imports.get_import", import_id=one.id)


def _last_line(run: Run, progress: Iterable[Progress]) -> bytes:
    """What is told when all is done."""
    for _ in progress:
        pass
    return _report(run.errand.database, run.errand.begun.id)


def _lines(run: Run, progress: Iterable[Progress], place: Place) -> Iterator[bytes]:
    """A line of progress now and then, and the import as it is kept in the last."""
    told = time.monotonic()
    yield progress_line(run.errand.begun, run.progress)
    for so_far in progress:
        now = time.monotonic()
        if now - told >= _TOLD_EVERY:
            told = now
            yield progress_line(run.errand.begun, so_far)
    place.leave()
    yield _report(run.errand.database, run.errand.begun.id) + b"\n"


def _log(run: Run) -> None:
    """Write a line about an import that has ended, of which the request's own line tells only how it began."""
    counts = vars(run.progress.counts)
    log.info("import", import_id=str(run.errand.begun.id), state=run.state, line=run.progress.line, **counts)


def _report(database: Database, import_id: UUID) -> bytes:
    with database.reading() as conn:
        found = store.imports.get_import(conn, import_id, datetime.now(UTC))
        return render(report(found, store.imports.page_errors(conn, import_id, limit=MOST_ERRORS)))


def _error_lines(database: Database, import_id: UUID) -> Iterator[bytes]:
    """All errors, a page at a time, so that no connection waits for a slow reader."""
    after = (0, -1)
    while True:
        with database.reading() as conn:
            errors = store.imports.page_errors(conn, import_id, after=after, limit=MOST_ERRORS)
        if not errors:
            return
        yield error_lines(errors)
        after = errors[-1].line, errors[-1].place


def _id_in(cursor: str) -> str:
    """The id that a cursor holds."""
    try:
        return str(UUID(cursor))
    except ValueError as error:
        raise unusable() from error
