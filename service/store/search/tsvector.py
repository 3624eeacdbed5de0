"""The words of a document as a value of PostgreSQL's text search, and the queries that they match."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import Struct, pack
from typing import Final

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from service.store.search.tsquery import Lexeme, Operand, Phrase, TsQuery

#: The last position in a document. Everything behind it stands there as well.
LAST_POSITION: Final = 2**14 - 1

#: The lexemes at one position of a text, each once: none for a function word.
Step = tuple[str, ...] | None

#: The step between two texts, and its positions: more than a phrase of a search leaves out.
TEXT_BREAK: Final[Step] = None
_BREAK: Final = 10

#: The most positions of a lexeme that PostgreSQL keeps.
MOST_POSITIONS: Final = 255

#: The most bytes of lexemes with their positions, about. PostgreSQL refuses a megabyte.
_MOST_BYTES: Final = 500_000

#: The weights from the least, D, as PostgreSQL packs them into the two upper bits of a position.
_WEIGHTS: Final = "DCBA"
_BITS: Final = {weight: bits << 14 for bits, weight in enumerate(_WEIGHTS)}

_PACKED: Final = [Struct(f"!H{number}H") for number in range(MOST_POSITIONS + 1)]


class TsVector:
    """The lexemes of one document with their positions. Many queries are cheaper here than in the database.

    As a parameter of a statement it is sent in PostgreSQL's binary format.
    """

    def __init__(self, positions: Mapping[str, Sequence[int]] | None) -> None:
        """`positions` by lexeme are packed with their weights, and ascend. A document that is None matches no query."""
        self.positions = positions or {}
        self._is_missing = positions is None
        self._sorted: list[str] | None = None

    @property
    def length(self) -> int:
        """The number of positions of all lexemes."""
        return sum(map(len, self.positions.values()))

    def encode(self) -> bytes:
        """Return the value in PostgreSQL's binary format: each lexeme with the number of its positions, and these."""
        parts = [pack("!i", len(self.positions))]
        for lexeme, positions in self.positions.items():
            parts += (lexeme.encode(), b"\0", _PACKED[len(positions)].pack(len(positions), *positions))
        return b"".join(parts)

    def matches(self, query: TsQuery) -> bool:
        """Return whether the document matches, as PostgreSQL's `@@` does."""
        return not self._is_missing and self._matches(query)

    def _matches(self, operand: Operand) -> bool:
        match operand:
            case Lexeme(text, begins, weights):
                texts = self._with_prefix(text) if begins else [text] if text in self.positions else ()
                return any(not weights or self._has_weight(one, weights) for one in texts)
            case Phrase(steps, distances):
                return self._has_phrase(steps, distances)
            case TsQuery(all_of, any_of, none_of):
                return (
                    bool(operand)
                    and all(map(self._matches, all_of))
                    and (not any_of or any(map(self._matches, any_of)))
                    and not any(map(self._matches, none_of))
                )

    def _has_weight(self, text: str, weights: str) -> bool:
        """Return whether a lexeme stands at one of the weights. One without positions does, as in PostgreSQL."""
        positions = self.positions[text]
        return not positions or any(_WEIGHTS[position >> 14] in weights for position in positions)

    def _has_phrase(self, steps: Sequence[Sequence[Lexeme]], distances: Iterable[int]) -> bool:
        first, *others = steps
        ends = self._positions_of(first)
        for distance, step in zip(distances, others, strict=True):
            if not ends:
                return False
            ends = {end + distance for end in ends} & self._positions_of(step)
        return bool(ends)

    def _positions_of(self, step: Iterable[Lexeme]) -> set[int]:
        return {
            position & LAST_POSITION
            for one in step
            for text in (self._with_prefix(one.text) if one.begins else [one.text])
            for position in self.positions.get(text, ())
            if not one.weights or _WEIGHTS[position >> 14] in one.weights
        }

    def _with_prefix(self, prefix: str) -> Iterator[str]:
        if self._sorted is None:
            self._sorted = sorted(self.positions)
        for place in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[place].startswith(prefix):
                return
            yield self._sorted[place]


class TsVectorBuilder:
    """Makes the value of a document of its texts, within PostgreSQL's limits."""

    def __init__(self) -> None:
        """Begin without texts."""
        self._positions: defaultdict[str, list[int]] = defaultdict(list)
        self._next = 1
        #: The number of words so far: positions with lexemes.
        self.length = 0

    def append(self, steps: Sequence[Step], weight: str) -> None:
        """Append texts with a weight from A to D. This takes most of the time of an analysis."""
        positions, bits = self._positions, _BITS[weight]
        place = self._next
        for step in steps:
            if step:
                packed = bits | (place if place < LAST_POSITION else LAST_POSITION)  # noqa: FURB136 (min() is slower)
                for lexeme in step:
                    positions[lexeme].append(packed)
            elif step is TEXT_BREAK:
                place += _BREAK
            place += 1
        self._next = place + _BREAK
        self.length += sum(map(bool, steps))

    def build(self, marks: Iterable[str] = ()) -> TsVector:
        """Return the value with lexemes without positions, the `marks`, as well."""
        positions: dict[str, Sequence[int]] = {**dict.fromkeys(marks, ()), **self._positions}
        is_long = self._next > LAST_POSITION or sum(map(len, positions)) > _MOST_BYTES // 8
        if is_long or max(map(len, positions.values()), default=0) > MOST_POSITIONS:
            positions = dict(_limited(positions))
        return TsVector(positions)


def _limited(positions: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, Sequence[int]]]:
    """Return the first lexemes with their first positions, each once."""
    room = _MOST_BYTES
    for lexeme, several in positions.items():
        distinct = list({position & LAST_POSITION: position for position in reversed(several)}.values())[::-1]
        first = distinct[:MOST_POSITIONS]
        room -= len(lexeme.encode()) + 2 * len(first) + 4
        if room < 0:
            return
        yield lexeme, first


class _Dumper(Dumper):
    """Sends a value in PostgreSQL's binary format."""

    format = Format.BINARY
    oid = psycopg.adapters.types["tsvector"].oid

    def dump(self, obj: TsVector) -> bytes:
        return obj.encode()


psycopg.adapters.register_dumper(TsVector, _Dumper)
