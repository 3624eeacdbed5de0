"""All rows of an import or none of them, in one transaction."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from psycopg import Connection

from service import store
from service.errors import Conflict, Stale, Unavailable
from service.imports.batch_writer import RETRIED_AFTER, Errand, errors_of, step_of
from service.imports.batches import Batch, batches
from service.imports.deferred_rows import WaitingRoom
from service.imports.options import Terms
from service.imports.progress import Done, Outcome, Progress
from service.imports.rows import Entry
from service.imports.spool import Spool, spooling
from service.imports.upsert import Recorder
from service.store.imports import RowError

#: Rows that are set aside between two words of how far that has come.
_TOLD_EVERY = 1_000


class _TakenBack(Exception):
    """Something was refused."""


def take_all(errand: Errand, entries: Iterable[Entry], progress: Progress) -> Iterator[Progress]:
    """Take all of `entries` or none, with word of how far it has come.

    All are read before the transaction begins, so that it does not wait for a slow sender; and all are looked at, so
    that everything that is wrong is told.
    """
    errors = list[RowError]()
    with spooling() as spool:
        for number, entry in enumerate(entries):
            spool.add(entry)
            progress.line, progress.bytes_read, progress.aside = entry.line, entry.end, number + 1
            if number % _TOLD_EVERY == 0:
                yield progress
        for seconds in (*RETRIED_AFTER, None):
            try:
                yield from _attempt(errand, spool, progress, errors)
            except (Conflict, Stale, Unavailable):
                if seconds is None:
                    raise
                time.sleep(seconds)
            else:
                break
    if progress.counts.refused:
        progress.counts.created = progress.counts.updated = 0
        progress.topics.clear()
        with errand.database.importing() as conn:
            _note(conn, errand, progress, errors)


def _attempt(errand: Errand, spool: Spool, progress: Progress, errors: list[RowError]) -> Iterator[Progress]:
    """Take all in one transaction. Where something was refused nothing is kept, and `errors` tell."""
    errors.clear()
    progress.counts.clear()
    progress.topics.clear()
    with suppress(_TakenBack), spooling() as aside, errand.database.importing() as conn:
        room = WaitingRoom(aside)
        for batch, is_last in _in_turn(spool, room):
            outcome = _take(conn, room.without_those_to_wait(batch), errand.terms, is_last=is_last)
            for one in outcome.waiting:
                room.add(one)
            errors += errors_of(outcome.refused)[: max(0, errand.most_errors - len(errors))]
            progress.add(Done(batch, outcome))
            yield progress
        if progress.counts.refused:
            raise _TakenBack
        _note(conn, errand, progress, errors)


def _in_turn(spool: Spool, room: WaitingRoom) -> Iterator[tuple[Batch, bool]]:
    """The batches in order, then those that waited; with each whether nothing comes that it could wait for."""
    for batch in batches(spool):
        yield batch, False
    for batch in room.batches():
        yield batch, True


def _take(conn: Connection, batch: Batch, terms: Terms, *, is_last: bool) -> Outcome:
    outcome = Recorder(conn, terms, datetime.now(UTC), is_last=is_last).take(batch.rows)
    for refused in batch.refused:
        outcome.refuse(refused)
    return outcome


def _note(conn: Connection, errand: Errand, progress: Progress, errors: list[RowError]) -> None:
    step = step_of(progress.counts, progress.topics, progress.line, progress.bytes_read)
    now = datetime.now(UTC)
    store.imports.advance_import(conn, errand.begun.id, step, errors, now, most_errors=errand.most_errors)
