"""Rows that relate to events further down the file: deferred until all rows are read, then written in order of need."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from service.imports.batches import Batch
from service.imports.progress import DeferredRow
from service.imports.rows import ImportRow
from service.imports.spool import Spool


class DeferredRows:
    """Deferred rows, numbered in the order of the file. The rows are spooled; only their keys stay in memory."""

    _ids: dict[UUID, int]
    _last: dict[object, int]

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._offsets: list[int] = []
        #: By the number of a row: the numbers of the rows that must be written before it or together with it.
        self._dependencies: list[set[int]] = []
        self._targets: list[frozenset[UUID]] = []
        self._ids, self._last = {}, {}

    def hold_back(self, batch: Batch) -> Batch:
        """Defer the rows of `batch` that share a key with a deferred row, and return the batch without them.

        Both may be about one event, and the earlier row must be written first.
        """
        ready = []
        for row in batch.rows:
            if any(key in self._last for key in row.keys):
                self.add(DeferredRow(row, frozenset()))
            else:
                ready.append(row)
        batch.rows = ready
        return batch

    def add(self, deferred: DeferredRow) -> None:
        """Defer a row."""
        row, number = deferred.row, len(self._offsets)
        self._offsets.append(self._spool.add(row))
        self._targets.append(deferred.targets)
        self._dependencies.append({self._last[key] for key in row.keys if key in self._last})
        self._last.update(dict.fromkeys(row.keys, number))
        if row.says_id:
            self._ids.setdefault(row.id, number)

    def batches(self) -> Iterator[Batch]:
        """Yield all deferred rows: each after the rows it depends on, and rows that depend on each other together."""
        for number, targets in enumerate(self._targets):
            self._dependencies[number] |= {self._ids[id_] for id_ in targets if id_ in self._ids}
        self._last.clear()
        batch = Batch()
        for component in strongly_connected_components(self._dependencies):
            rows = [self._row(number) for number in sorted(component)]
            if batch.is_full or not all(batch.accepts(row) for row in rows):
                yield batch
                batch = Batch()
            for row in rows:
                if not batch.accepts(row):
                    yield batch
                    batch = Batch()
                batch.add(row)
        if batch.rows:
            yield batch

    def _row(self, number: int) -> ImportRow:
        row = self._spool.read(self._offsets[number])
        assert isinstance(row, ImportRow)  # noqa: S101 (only rows are deferred, never refused ones)
        return row


def strongly_connected_components(dependencies: Sequence[Iterable[int]]) -> Iterator[list[int]]:
    """Yield the nodes 0, 1, … in components of mutual dependency, each component after those it depends on."""
    search = _TarjanSearch(dependencies)
    for start in range(len(dependencies)):
        if start not in search.index:
            yield from search.walk(start)


class _TarjanSearch:
    """Tarjan's algorithm, with a stack of its own instead of recursion: chains of rows can be very long."""

    def __init__(self, dependencies: Sequence[Iterable[int]]) -> None:
        self.dependencies = dependencies
        #: The order in which the nodes were first visited.
        self.index: dict[int, int] = {}
        #: The lowest index that each node leads back to.
        self.lowlink: dict[int, int] = {}
        self.path: list[int] = []
        self.on_path: set[int] = set()

    def walk(self, start: int) -> Iterator[list[int]]:
        """Yield each component reachable from `start` once everything that it depends on has been yielded."""
        work = [self._enter(start)]
        while work:
            node, rest = work[-1]
            unvisited = next((other for other in rest if not self._is_visited(node, other)), None)
            if unvisited is not None:
                work.append(self._enter(unvisited))
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                self.lowlink[parent] = min(self.lowlink[parent], self.lowlink[node])
            if self.lowlink[node] == self.index[node]:
                yield self._pop_component(node)

    def _enter(self, node: int) -> tuple[int, Iterator[int]]:
        """Number a node, and return it with an iterator over its dependencies."""
        self.index[node] = self.lowlink[node] = len(self.index)
        self.path.append(node)
        self.on_path.add(node)
        return node, iter(self.dependencies[node])

    def _is_visited(self, node: int, other: int) -> bool:
        """Return True if `other` was visited before; if it is on the path, `node` leads back to it."""
        if other in self.on_path:
            self.lowlink[node] = min(self.lowlink[node], self.index[other])
        return other in self.index

    def _pop_component(self, root: int) -> list[int]:
        component: list[int] = []
        while root not in component[-1:]:
            component.append(self.path.pop())
            self.on_path.discard(component[-1])
        return component
