"""Lines from chunks of any size, gzipped or not, damaged or not."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BodyTooLarge, Malformed
from service.imports.line_reader import decompress, split_lines

#: What does not become smaller.
NOISE = Random(1).randbytes(200_000)  # noqa: S311 (the same every time is wanted)


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


def lines(text: bytes, *, size: int = 7, longest: int = 1_000) -> list[tuple[int, bytes | None, int]]:
    return [(line.number, line.text, line.end) for line in split_lines(cut(text, size), max_line_bytes=longest)]


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.integers(1, 30), st.booleans())
def test_lines_do_not_depend_on_the_size_of_chunks(texts: list[bytes], size: int, ended: bool) -> None:  # noqa: FBT001 (Hypothesis)
    text = b"\n".join(texts) + (b"\n" if ended else b"")
    expected = text.split(b"\n")
    expected = expected[:-1] if not expected[-1] else expected
    result = lines(text, size=size)
    assert [line for _, line, _ in result] == expected
    assert [number for number, _, _ in result] == list(range(1, len(expected) + 1))
    assert (result[-1][2] if result else 0) == len(text)


@pytest.mark.parametrize("size", [1, 5, 1_000])
def test_a_line_that_is_too_long_is_dropped_and_its_neighbours_are_not(size: int) -> None:
    text = b"first\n" + b"x" * 50 + b"\nlast\n" + b"y" * 11
    assert lines(text, size=size, longest=10) == [(1, b"first", 6), (2, None, 57), (3, b"last", 62), (4, None, 73)]


def test_an_endless_line_takes_no_more_memory_than_allowed() -> None:
    pieces = (b"x" * 1_000 for _ in range(10_000))
    assert [(line.number, line.text, line.end) for line in split_lines(pieces, max_line_bytes=5_000)] == [
        (1, None, 10_000_000)
    ]


@pytest.mark.parametrize("size", [1, 10, 100_000])
@pytest.mark.parametrize("text", [b"", b"a\n", b"line\n" * 50_000, NOISE])
def test_gzip_is_decompressed_and_plain_text_is_not(text: bytes, size: int) -> None:
    packed = gzip.compress(text[:100]) + gzip.compress(text[100:]) + b"\0\0"
    assert b"".join(decompress(cut(packed, size), max_bytes=10**6)) == text
    assert b"".join(decompress(cut(text, size), max_bytes=10**6)) == text


def test_incomplete_or_damaged_gzip_is_malformed() -> None:
    packed = gzip.compress(NOISE[:10_000])
    with pytest.raises(Malformed, match="incomplete"):
        list(decompress([packed[:-9]], max_bytes=10**6))
    with pytest.raises(Malformed, match="damaged"):
        list(decompress([packed[:500] + b"\0" * 100 + packed[600:]], max_bytes=10**6))
    with pytest.raises(Malformed, match="damaged"):
        list(decompress([packed, b"rest"], max_bytes=10**6))


def test_a_gzip_bomb_is_refused_before_it_is_large() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000, 1)
    pieces, sizes = decompress(cut(bomb, 65_536), max_bytes=10**12), list[int]()
    with pytest.raises(Malformed, match="200 times its size"):
        sizes.extend(map(len, pieces))
    assert sum(sizes) < 30_000_000


def test_gzip_inside_gzip_is_decompressed_once() -> None:
    inner = gzip.compress(b"\0" * 1_000_000)
    assert b"".join(decompress([gzip.compress(inner)], max_bytes=10**6)) == inner


def test_bytes_beyond_the_limit_are_refused() -> None:
    with pytest.raises(BodyTooLarge, match="1,000 bytes"):
        list(decompress((b"x" * 100 for _ in range(11)), max_bytes=1_000))
    assert len(b"".join(decompress((b"x" * 100 for _ in range(10)), max_bytes=1_000))) == 1_000


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("magic", "detail"),
    [
        (b"PK\x03\x04", "save the table as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save the table as CSV"),
        (b"PAR1", "Parquet"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_a_workbook_is_refused_with_a_remedy(
    magic: bytes, detail: str, size: int, pack: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(Malformed, match=detail):
        list(decompress(cut(pack(magic + NOISE[:100]), size), max_bytes=10**6))
    text = b"title," + magic
    assert b"".join(decompress(cut(pack(text), size), max_bytes=10**6)) == text


def test_gzip_with_flushed_blocks_is_read() -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b"first\n") + packer.flush(zlib.Z_SYNC_FLUSH) + packer.compress(b"last\n") + packer.flush()
    assert b"".join(decompress(cut(packed, 3), max_bytes=100)) == b"first\nlast\n"
