"""Files as an import reads them: in pieces, unpacked, as rows of their format or by a mapping."""

import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

from service.imports.csv_reader import table_rows
from service.imports.line_reader import MAGIC, lines_of, unpacked
from service.imports.rows import Entry, json_rows
from service.strict_json import JsonLimits

#: Bytes that are read at once.
PIECE = 65_536

FORMATS = ("ndjson", "csv")

#: What files of each format end in.
_ENDINGS = {".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces."""
    while piece := file.read(PIECE):
        yield piece


def format_of(name: str) -> str | None:
    """The format that a file's name says, packed or not."""
    plain = name.lower().removesuffix(".gz")
    return next((form for ending, form in _ENDINGS.items() if plain.endswith(ending)), None)


def format_in(beginning: bytes) -> str:
    """The format of what begins so, unpacked if it is gzip: objects are NDJSON, all else is a table.

    What is damaged is told where it is read.
    """
    plain = beginning
    if beginning.startswith(MAGIC):
        with suppress(zlib.error):
            plain = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(beginning, 1_000)
    return "ndjson" if plain.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "csv"


def entries_of(pieces: Iterable[bytes], form: str, bounds: JsonLimits, *, longest: int, most: int) -> Iterator[Entry]:
    """The rows of what arrives in `pieces`, gzipped or not: at most `most` bytes in lines of at most `longest`."""
    lines = lines_of(unpacked(pieces, most=most), longest=longest)
    return table_rows(lines) if form == "csv" else json_rows(lines, bounds)


class Unpacked(io.RawIOBase):
    """Pieces as a file, for those who read files."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: "io._typeshed.WriteableBuffer") -> int:  # type: ignore[name-defined]  # typing's own name for it
        """See io.RawIOBase."""
        view = memoryview(buffer).cast("B")
        while not self._left and (piece := next(self._pieces, None)) is not None:
            self._left = piece
        taken, self._left = self._left[: len(view)], self._left[len(view) :]
        view[: len(taken)] = taken
        return len(taken)
