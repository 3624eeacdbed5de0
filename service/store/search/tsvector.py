"""The words of a document as PostgreSQL's text search has them, and the queries that they match."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from service.store.search.tsquery import Lexeme, Operand, Phrase, TsQuery


class TsVector:
    """The lexemes of one document with their positions. Many queries are cheaper here than in the database."""

    def __init__(self, positions: Mapping[str, Sequence[int] | None] | None) -> None:
        """`positions` by lexeme, None for a lexeme without any. A document that is None matches no query."""
        self._positions = positions or {}
        self._is_missing = positions is None
        self._sorted: list[str] | None = None

    def matches(self, query: TsQuery) -> bool:
        """Return whether the document matches, as PostgreSQL's `@@` does. Weights in the query are not supported."""
        return not self._is_missing and self._matches(query)

    def _matches(self, operand: Operand) -> bool:
        match operand:
            case Lexeme(text, begins):
                return text in self._positions or (begins and any(True for _ in self._with_prefix(text)))
            case Phrase(steps, distances):
                return self._has_phrase(steps, distances)
            case TsQuery(all_of, any_of, none_of):
                return (
                    bool(operand)
                    and all(map(self._matches, all_of))
                    and (not any_of or any(map(self._matches, any_of)))
                    and not any(map(self._matches, none_of))
                )

    def _has_phrase(self, steps: Sequence[Sequence[Lexeme]], distances: Iterable[int]) -> bool:
        first, *others = steps
        ends = self._positions_of(first)
        for distance, step in zip(distances, others, strict=True):
            if not ends:
                return False
            ends = {end + distance for end in ends} & self._positions_of(step)
        return bool(ends)

    def _positions_of(self, step: Iterable[Lexeme]) -> set[int]:
        texts = (text for one in step for text in (self._with_prefix(one.text) if one.begins else [one.text]))
        return {position for text in texts for position in self._positions.get(text) or ()}

    def _with_prefix(self, prefix: str) -> Iterator[str]:
        if self._sorted is None:
            self._sorted = sorted(self._positions)
        for place in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[place].startswith(prefix):
                return
            yield self._sorted[place]
