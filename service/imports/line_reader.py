"""Lines with their numbers from chunks of bytes, in bounded memory. Nothing here trusts its input."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from service.errors import BodyTooLarge, Malformed

#: Decompressed bytes up to which the ratio does not matter: a short file of one repeated row is no bomb.
_HARMLESS = 16 * 1024 * 1024
#: Highest ratio of decompressed to compressed bytes beyond that. Trackers as NDJSON shrink to a tenth, tables of one
#: word to a hundredth; a file made to fill a disk is ten times as dense.
_MAX_RATIO = 200
#: Bytes that are decompressed at once.
_CHUNK_BYTES = 65_536

#: The `wbits` with which zlib reads gzip, header and checksum included.
GZIP_WBITS = 16 + zlib.MAX_WBITS
#: The first bytes of gzip.
MAGIC = b"\x1f\x8b"

#: The first bytes of files that are no text, with the sentence for each.
_WORKBOOK = "The file is a workbook or an archive; save the table as CSV (in Excel: CSV UTF-8)."
_BINARY = {
    b"PK\x03\x04": _WORKBOOK,  # .xlsx and .ods, which are ZIP files
    b"\xd0\xcf\x11\xe0": _WORKBOOK,  # .xls
    b"PAR1": "The file is Parquet; send it as NDJSON or CSV.",
    b"%PDF": "The file is a PDF; send its table as CSV.",
}

#: Empty rows of a file, twice as many as a spreadsheet has rows.
MAX_EMPTY_ROWS = 2_000_000

#: The error of a line whose text was dropped.
LINE_TOO_LONG = "The line is longer than allowed; shorten the record."


@dataclass(frozen=True)
class Line:
    """A line without its newline. `text` is None where the line was too long and its text was dropped."""

    number: int
    text: bytes | None
    #: Bytes of the file up to the end of the line, decompressed.
    end: int


class EmptyRows:
    """The empty rows of a file. They cost time and say nothing, so a file may have only so many."""

    def __init__(self) -> None:
        self._count = 0

    def add(self) -> None:
        """Count one more. Raises Malformed for the one that is too many."""
        self._count += 1
        if self._count > MAX_EMPTY_ROWS:
            raise Malformed(f"The file has more than {MAX_EMPTY_ROWS:,} empty rows; remove them.")


def decompress(chunks: Iterable[bytes], *, max_bytes: int) -> Iterator[bytes]:
    """Yield the chunks, decompressed if they begin as gzip does.

    Raises Malformed where the gzip is damaged, incomplete or a bomb, or the content is no text; BodyTooLarge beyond
    `max_bytes` bytes.
    """
    head, rest = _split_head(chunks, len(MAGIC))
    whole = chain([head], rest)
    return _limit_bytes(_require_text(_inflate(whole) if head.startswith(MAGIC) else whole), max_bytes)


def split_lines(chunks: Iterable[bytes], *, max_line_bytes: int) -> Iterator[Line]:
    """Yield the lines in `chunks`, blank ones too, and a last line without a newline."""
    number, end, partial, dropping = 0, 0, b"", False
    for chunk in chunks:
        *whole, next_partial = chunk.split(b"\n")
        for text in whole:
            number, end = number + 1, end + len(partial) + len(text) + 1
            line = partial + text
            yield Line(number, None if dropping or len(line) > max_line_bytes else line, end)
            partial, dropping = b"", False
        partial += next_partial
        if len(partial) > max_line_bytes:
            end, partial, dropping = end + len(partial), b"", True
    if partial or dropping:
        yield Line(number + 1, None if dropping else partial, end + len(partial))


def _split_head(chunks: Iterable[bytes], length: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `length` bytes or more, and the chunks behind them."""
    rest, head = iter(chunks), b""
    while len(head) < length and (chunk := next(rest, None)) is not None:
        head += chunk
    return head, rest


def _require_text(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks. Raises Malformed with a remedy where they begin as a file of another kind does."""
    head, rest = _split_head(chunks, max(map(len, _BINARY)))
    for magic, detail in _BINARY.items():
        if head.startswith(magic):
            raise Malformed(detail)
    yield head
    yield from rest


def _limit_bytes(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > max_bytes:
            raise BodyTooLarge(f"An import may have at most {max_bytes:,} bytes, decompressed.")
        yield chunk


def _inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the decompressed bytes of one or several gzip files in a row, with zeros after them or not."""
    inflater, packed, total = zlib.decompressobj(GZIP_WBITS), 0, 0
    for chunk in chunks:
        packed += len(chunk)
        rest, is_full = chunk, False
        while rest or is_full:
            if inflater.eof:
                rest, is_full = rest.lstrip(b"\0"), False
                if rest:
                    inflater = zlib.decompressobj(GZIP_WBITS)
                continue
            try:
                inflated = inflater.decompress(rest, _CHUNK_BYTES)
            except zlib.error as error:
                raise Malformed("The gzip is damaged.") from error
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            is_full = len(inflated) == _CHUNK_BYTES
            total += len(inflated)
            if total > _HARMLESS and total > packed * _MAX_RATIO:
                raise Malformed(f"The gzip expands to more than {_MAX_RATIO} times its size; send it uncompressed.")
            yield inflated
    if not inflater.eof:
        raise Malformed("The gzip is incomplete.")
