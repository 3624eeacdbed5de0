"""Rows that relate to events further down the file wait until all has been read, and come after what they need."""

from collections.abc import Iterator
from uuid import UUID

from service.imports.batches import Batch
from service.imports.circles import circles
from service.imports.progress import Waiting
from service.imports.rows import Row
from service.imports.spool import Spool


class WaitingRoom:
    """Rows that wait, numbered in the order of their coming; only what tells them apart stays in memory."""

    _ids: dict[UUID, int]
    _last: dict[object, int]

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._places: list[int] = []
        self._needs: list[set[int]] = []
        self._targets: list[frozenset[UUID]] = []
        self._ids, self._last = {}, {}

    def without_those_to_wait(self, batch: Batch) -> Batch:
        """`batch` without the rows that must come after one that waits, being about the same event: they wait, too."""
        kept = []
        for row in batch.rows:
            if any(key in self._last for key in row.keys):
                self.add(Waiting(row, frozenset()))
            else:
                kept.append(row)
        batch.rows = kept
        return batch

    def add(self, waiting: Waiting) -> None:
        """Let a row wait."""
        row, number = waiting.row, len(self._places)
        self._places.append(self._spool.add(row))
        self._targets.append(waiting.targets)
        self._needs.append({self._last[key] for key in row.keys if key in self._last})
        self._last.update(dict.fromkeys(row.keys, number))
        if row.says_id:
            self._ids.setdefault(row.id, number)

    def batches(self) -> Iterator[Batch]:
        """All of them: a row after those that it needs, and rows that need each other together."""
        for number, targets in enumerate(self._targets):
            self._needs[number] |= {self._ids[id_] for id_ in targets if id_ in self._ids}
        self._last.clear()
        batch = Batch()
        for circle in circles(self._needs):
            rows = [self._row(number) for number in sorted(circle)]
            if batch.is_full or not all(batch.takes(row) for row in rows):
                yield batch
                batch = Batch()
            for row in rows:
                if not batch.takes(row):
                    yield batch
                    batch = Batch()
                batch.add(row)
        if batch.rows:
            yield batch

    def _row(self, number: int) -> Row:
        row = self._spool.read(self._places[number])
        assert isinstance(row, Row)  # noqa: S101 (nothing else waits)
        return row
