"""An import from its beginning to its end: batch by batch, with word of how far it has come."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Event, Thread
from typing import Protocol

import structlog

from service import store
from service.config import Settings
from service.db.pool import Database
from service.errors import ServiceError, Unavailable
from service.ids import uuid7
from service.imports.atomic import take_all
from service.imports.batch_writer import Errand, patiently, take
from service.imports.batches import Batch, batches
from service.imports.deferred_rows import WaitingRoom
from service.imports.options import Rehearsal, Terms
from service.imports.progress import Done, Progress
from service.imports.rows import Entry
from service.imports.spool import spooling
from service.store.imports import Import

#: Seconds between two signs of life: several within the time after which an import is told to be interrupted.
BEAT = 3.0

log = structlog.get_logger()


def begin(
    database: Database,
    settings: Settings,
    terms: Terms,
    *,
    form: str,
    mode: str,
    name: str | None = None,
    token: str | None = None,
) -> Errand:
    """An import that is known from now on. Conflict where one with the same Idempotency-Key is running."""
    begun = Import(
        id=uuid7(),
        key_id=terms.key_id,
        name=name,
        format=form,
        mode=mode,
        dry_run=terms.dry_run,
        state="running",
        reason=None,
        created_at=datetime.now(UTC),
        finished_at=None,
        token=token,
    )
    with database.transaction() as conn:
        store.imports.insert_import(conn, begun)
    return Errand(database, begun, terms, settings.max_import_errors)


class Cut(Exception):
    """What is read has ended before its end, for the reason that it is told with."""


class Taker(Protocol):
    """Who takes batches: this process one after the other, or others several at once."""

    def make_room(self, batch: Batch) -> Iterator[Done]:
        """What must be done before `batch` can be taken, as it is done."""

    def take(self, batch: Batch) -> Iterator[Done]:
        """Begin with `batch`; what is done by now."""

    def rest(self) -> Iterator[Done]:
        """What is still under way, as it is done."""


class Alone:
    """Takes one batch after the other. In a dry run nothing is kept but the report."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._rehearsal = Rehearsal() if errand.terms.dry_run else None

    def make_room(self, batch: Batch) -> Iterator[Done]:
        """See Taker."""
        del batch
        return iter(())

    def take(self, batch: Batch, *, is_last: bool = False) -> Iterator[Done]:
        """See Taker, and Errand.task."""
        yield Done(batch, take(self._errand.database, self._errand.task(batch, is_last=is_last), self._rehearsal))

    def rest(self) -> Iterator[Done]:
        """See Taker."""
        return iter(())


@dataclass
class Run:
    """One import on its way. `crew` takes its batches where they may be taken at the same time."""

    errand: Errand
    crew: Taker | None = None
    progress: Progress = field(default_factory=Progress)
    state: str = "running"
    #: The SHA-256 of what was sent, when all of it was.
    fingerprint: Callable[[], bytes | None] = lambda: None

    def go(self, entries: Iterable[Entry]) -> Generator[Progress]:
        """Take all of `entries`, with word after each batch, and note how it ended, whatever happens."""
        state: str = "interrupted"
        reason: str | None = "It was stopped."
        try:
            with _beating(self.errand, self._kept):
                yield from self._atomic(entries) if self._is_atomic else self._partial(entries)
            state, reason = self._end()
        except GeneratorExit:
            reason = "The connection was cut."  # found by who tells how far it has come, before who reads
            raise
        except Cut as error:
            reason = str(error)
        except Unavailable as error:
            reason = error.detail
        except ServiceError as error:
            state, reason = "failed", " ".join([error.detail, *(fault.detail for fault in error.faults[:5])])
        except Exception as error:
            log.exception("import_failed", import_id=str(self.errand.begun.id), exc_info=error)
            state, reason = "failed", "Something went wrong in the service; it has been logged under the import's id."
        finally:
            self._note_end(state, reason)

    @property
    def _is_atomic(self) -> bool:
        return self.errand.begun.mode == "atomic" and not self.errand.terms.dry_run

    @property
    def _kept(self) -> Progress:
        """How far it has come with what is there to stay: of all or nothing, nothing until the transaction says so."""
        return Progress() if self._is_atomic else self.progress

    def _end(self) -> tuple[str, str | None]:
        """State and reason of an import that came to its end."""
        refused = self.progress.counts.refused
        if refused and self.errand.begun.mode == "atomic":
            rows = "One row was" if refused == 1 else f"{refused:,} rows were"
            return "failed", f"{rows} refused, so that nothing is kept."
        return "done", None

    def _atomic(self, entries: Iterable[Entry]) -> Iterator[Progress]:
        return take_all(self.errand, entries, self.progress)

    def _partial(self, entries: Iterable[Entry]) -> Iterator[Progress]:
        """Each batch by itself; then those rows that waited for what came later."""
        alone = Alone(self.errand)
        taker = self.crew or alone
        with spooling() as spool:
            room = WaitingRoom(spool)
            for batch in batches(entries):
                yield from self._settled(taker.make_room(batch), room)
                yield from self._settled(taker.take(room.without_those_to_wait(batch)), room)
            yield from self._settled(taker.rest(), room)
            for batch in room.batches():
                yield from self._settled(alone.take(batch, is_last=True), room)

    def _settled(self, done: Iterable[Done], room: WaitingRoom) -> Iterator[Progress]:
        for one in done:
            self.progress.add(one)
            for waiting in one.outcome.waiting:
                room.add(waiting)
            yield self.progress

    def _note_end(self, state: str, reason: str | None) -> None:
        """Note it; where the database stays away, that nothing more was heard will tell."""
        self.state = state
        with suppress(Unavailable):
            patiently(partial(self._write_end, state, reason))

    def _write_end(self, state: str, reason: str | None) -> None:
        kept = self._kept
        with self.errand.database.importing() as conn:
            store.imports.end_import(
                conn,
                self.errand.begun.id,
                state,
                reason,
                datetime.now(UTC),
                line=kept.line,
                bytes_read=kept.bytes_read,
                fingerprint=self.fingerprint() if state == "done" else None,
            )


@contextmanager
def _beating(errand: Errand, progress: Progress) -> Iterator[None]:
    """Say every few seconds that the import is running, until the block ends."""
    ended = Event()

    def beat() -> None:
        while not ended.wait(BEAT):
            with suppress(ServiceError), errand.database.reading() as conn:
                now = datetime.now(UTC)
                store.imports.beat(conn, errand.begun.id, now, line=progress.line, bytes_read=progress.bytes_read)

    heart = Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
