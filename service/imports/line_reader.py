"""From what arrives in pieces to lines with their numbers, in bounded memory: nothing here trusts what it reads."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.errors import BodyTooLarge, Malformed

#: Bytes of which gzip may make more than its usual share: a short file of one repeated row is no bomb.
_INNOCENT = 16 * 1024 * 1024
#: Bytes that one byte of gzip may become beyond that. Trackers as NDJSON shrink to a tenth, tables of one word to a
#: hundredth; what was made to fill a disk is ten times as dense.
_DENSEST = 200
#: Bytes that are inflated at once.
_PIECE = 65_536

#: zlib reads gzip, header and checksum included.
_GZIP = 16 + zlib.MAX_WBITS
#: What gzip begins with.
MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Line:
    """A line without its last newline. `text` is None where it was longer than is allowed; then it was not kept."""

    number: int
    text: bytes | None
    #: Bytes of the file up to the line's end, unpacked.
    end: int


def unpacked(pieces: Iterable[bytes], *, most: int) -> Iterator[bytes]:
    """The same, inflated if it begins as gzip does.

    Malformed where the gzip is damaged, cut off or a bomb, BodyTooLarge where there are more than `most` bytes.
    """
    pieces = iter(pieces)
    head = b""
    while len(head) < len(MAGIC) and (piece := next(pieces, None)) is not None:
        head += piece
    whole = _chained(head, pieces)
    return _counted(_inflated(whole) if head.startswith(MAGIC) else whole, most)


def lines_of(pieces: Iterable[bytes], *, longest: int) -> Iterator[Line]:
    """The lines in `pieces`, blank ones too. A last line that has no end is one."""
    number, end, begun, dropping = 0, 0, b"", False
    for piece in pieces:
        *whole, begun_next = piece.split(b"\n")
        for text in whole:
            number, end = number + 1, end + len(begun) + len(text) + 1
            line = begun + text
            yield Line(number, None if dropping or len(line) > longest else line, end)
            begun, dropping = b"", False
        begun += begun_next
        if len(begun) > longest:
            end, begun, dropping = end + len(begun), b"", True
    if begun or dropping:
        yield Line(number + 1, None if dropping else begun, end + len(begun))


def _chained(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _counted(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    taken = 0
    for piece in pieces:
        taken += len(piece)
        if taken > most:
            raise BodyTooLarge(f"An import may have {most:,} bytes, unpacked; this one has more.")
        yield piece


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What gzip made the pieces from, which may be several files one behind the other, and zeros behind them."""
    inflater, packed, made = zlib.decompressobj(_GZIP), 0, 0
    for piece in pieces:
        packed += len(piece)
        left, is_full = piece, False
        while left or is_full:
            if inflater.eof:
                left, is_full = left.lstrip(b"\0"), False
                if left:
                    inflater = zlib.decompressobj(_GZIP)
                continue
            try:
                inflated = inflater.decompress(left, _PIECE)
            except zlib.error as error:
                raise Malformed("The gzip is damaged.") from error
            left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            is_full = len(inflated) == _PIECE
            made += len(inflated)
            if made > _INNOCENT and made > packed * _DENSEST:
                raise Malformed(f"The gzip becomes more than {_DENSEST} times its size, which no table of events does.")
            yield inflated
    if not inflater.eof:
        raise Malformed("The gzip is cut off.")
