"""What needs what, put in order: Tarjan's strongly connected components, for chains of any length."""

from collections.abc import Iterable, Iterator, Sequence


class _Search:
    """A walk along the needs; each node is numbered in the order in which it is come to."""

    def __init__(self, needs: Sequence[Iterable[int]]) -> None:
        self.needs = needs
        self.number: dict[int, int] = {}
        #: The lowest number that each node leads back to.
        self.lowest: dict[int, int] = {}
        self.path: list[int] = []
        self.on_path: set[int] = set()

    def enter(self, node: int) -> tuple[int, Iterator[int]]:
        """The node, and what it needs, to be gone through."""
        self.number[node] = self.lowest[node] = len(self.number)
        self.path.append(node)
        self.on_path.add(node)
        return node, iter(self.needs[node])

    def walk(self, start: int) -> Iterator[list[int]]:
        """Each group that `start` leads to, when all that it needs has been yielded. No recursion: chains are long."""
        work = [self.enter(start)]
        while work:
            node, rest = work[-1]
            further = next((other for other in rest if not self._is_known(node, other)), None)
            if further is not None:
                work.append(self.enter(further))
                continue
            work.pop()
            if work:
                above = work[-1][0]
                self.lowest[above] = min(self.lowest[above], self.lowest[node])
            if self.lowest[node] == self.number[node]:
                yield self._closed(node)

    def _is_known(self, node: int, other: int) -> bool:
        """Whether `other` was come to before; if it is on the path, `node` leads back to it."""
        if other in self.on_path:
            self.lowest[node] = min(self.lowest[node], self.number[other])
        return other in self.number

    def _closed(self, first: int) -> list[int]:
        """The group that begins with `first`, taken from the end of the path."""
        group: list[int] = []
        while first not in group[-1:]:
            group.append(self.path.pop())
            self.on_path.discard(group[-1])
        return group


def circles(needs: Sequence[Iterable[int]]) -> Iterator[list[int]]:
    """The nodes 0, 1, … in groups: those that need each other together, and each group after all that it needs."""
    search = _Search(needs)
    for start in range(len(needs)):
        if start not in search.number:
            yield from search.walk(start)
