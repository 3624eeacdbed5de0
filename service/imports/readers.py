"""Files and request bodies as rows: in chunks, decompressed, parsed in their format."""

import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

from service.imports.csv_reader import csv_rows
from service.imports.line_reader import GZIP_WBITS, MAGIC, decompress, split_lines
from service.imports.rows import ParsedRow, json_rows
from service.strict_json import JsonLimits

#: Bytes of a file that are read at once.
_CHUNK_BYTES = 65_536

FORMATS = ("ndjson", "csv")

#: Formats by file extension.
_EXTENSIONS = {".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a file in chunks."""
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def format_by_name(name: str) -> str | None:
    """Return the format that a file's name states, with or without `.gz`; None where it states none."""
    plain = name.lower().removesuffix(".gz")
    return next((format_ for extension, format_ in _EXTENSIONS.items() if plain.endswith(extension)), None)


def format_by_content(beginning: bytes) -> str:
    """Return the format of a file by its first bytes, gzipped or not: objects are NDJSON, everything else is CSV.

    Damaged gzip is reported later, by the reader.
    """
    plain = beginning
    if beginning.startswith(MAGIC):
        with suppress(zlib.error):
            plain = zlib.decompressobj(GZIP_WBITS).decompress(beginning, 1_000)
    return "ndjson" if plain.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "csv"


def read_rows(
    chunks: Iterable[bytes], format: str, limits: JsonLimits, *, max_line_bytes: int, max_bytes: int
) -> Iterator[ParsedRow]:
    """Yield the rows in `chunks`, gzipped or not. Raises Malformed, Invalid or BodyTooLarge where reading must end."""
    lines = split_lines(decompress(chunks, max_bytes=max_bytes), max_line_bytes=max_line_bytes)
    return csv_rows(lines) if format == "csv" else json_rows(lines, limits)


class ChunkFile(io.RawIOBase):
    """Chunks as a file, for code that reads files."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: "io._typeshed.WriteableBuffer") -> int:  # type: ignore[name-defined]  # typing's own name for it
        """See io.RawIOBase."""
        view = memoryview(buffer).cast("B")
        while not self._rest and (chunk := next(self._chunks, None)) is not None:
            self._rest = chunk
        part, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(part)] = part
        return len(part)
