"""One batch into the database, in a transaction of its own, whatever else is written at the same time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import TypeVar
from uuid import UUID

from psycopg import DataError

from service import store
from service.db.pool import Database
from service.errors import Conflict, Stale, Unavailable
from service.imports.batches import Batch
from service.imports.options import Rehearsal, Terms
from service.imports.progress import Counts, Outcome
from service.imports.rows import Refused, Row
from service.imports.upsert import Recorder
from service.store.imports import Import, RowError, Step

T = TypeVar("T")

#: Seconds until a batch is tried again while the database cannot be reached: 12 in all, in which one that is restarted
#: or replaced is back.
RETRIED_AFTER = (0.1, 0.4, 1.5, 3.0, 3.0, 4.0)

#: Times that a batch is tried while others write the same events, before its rows are taken one by one.
TRIES = 4


@dataclass(frozen=True)
class Task:
    """A batch to be taken, and all that must be known for it."""

    import_id: UUID
    rows: Sequence[Row]
    refused: Sequence[Refused]
    #: The last line that is done when this is, and the bytes of the file up to there; 0 where that is not known.
    line: int
    end: int
    terms: Terms
    most_errors: int
    is_last: bool = False


@dataclass(frozen=True)
class Errand:
    """One import: what it is, on what terms its rows are taken, and where they go."""

    database: Database
    begun: Import
    terms: Terms
    #: Errors that are kept of it at most.
    most_errors: int

    def task(self, batch: Batch, *, is_last: bool = False) -> Task:
        """A batch of it. Of the rows that are taken at last those that still lack something are refused."""
        known = (batch.line, batch.end)
        return Task(self.begun.id, batch.rows, batch.refused, *known, self.terms, self.most_errors, is_last)


def patiently(do: Callable[[], T]) -> T:
    """What `do` returns, tried again while the database is away. Unavailable where it stays away."""
    for seconds in RETRIED_AFTER:
        try:
            return do()
        except Unavailable:
            time.sleep(seconds)
    return do()


def take(database: Database, task: Task, rehearsal: Rehearsal | None = None) -> Outcome:
    """What became of the batch, which is written and counted now. Unavailable where the database stays away."""
    return patiently(partial(_take, database, task, rehearsal))


def _take(database: Database, task: Task, rehearsal: Rehearsal | None) -> Outcome:
    """The same, while the database is there. A batch that meets another writer again and again is taken row by row."""
    for _ in range(TRIES if len(task.rows) > 1 else 2 * TRIES):
        try:
            return _once(database, task, rehearsal)
        except (Conflict, Stale) as error:
            told = error.detail
        except DataError:
            told = "The row says something that cannot be stored."
            break
    if len(task.rows) == 1:
        [row] = task.rows
        refused = Refused(row.line, (RowError(row.line, told),), row.end)
        return _once(database, replace(task, rows=(), refused=[*task.refused, refused]), rehearsal)
    outcome = _once(database, replace(task, rows=()), rehearsal)
    for row in task.rows:
        outcome.add(_take(database, replace(task, rows=[row], refused=()), rehearsal))
    return outcome


def _once(database: Database, task: Task, rehearsal: Rehearsal | None) -> Outcome:
    now = datetime.now(UTC)
    with database.importing() as conn:
        outcome = Recorder(conn, task.terms, now, is_last=task.is_last, rehearsal=rehearsal).take(task.rows)
        for refused in task.refused:
            outcome.refuse(refused)
        step = step_of(outcome.counts, outcome.topics, task.line, task.end)
        errors = errors_of(outcome.refused)
        store.imports.advance_import(conn, task.import_id, step, errors, now, most_errors=task.most_errors)
    return outcome


def step_of(counts: Counts, topics: Sequence[str], line: int, end: int) -> Step:
    """What rows came to, as it is noted."""
    return Step(line, end, counts.created, counts.updated, counts.unchanged, counts.refused, topics)


def errors_of(refused: Sequence[Refused]) -> list[RowError]:
    """All that is wrong with the rows, in the order of their lines."""
    return sorted(chain.from_iterable(one.errors for one in refused), key=lambda error: (error.line, error.place))
