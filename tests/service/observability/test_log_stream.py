"""Streams on descriptors that take no more: nothing raises or waits, and every line is written or counted."""

import fcntl
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.config import ROOT
from service.observability.log_stream import LogStream, ThreadedWriter
from tests.faults.clients import wait_until

#: More lines than any buffer of the kernel holds.
LINES = [b'{"line":%06d,"path":"%s"}\n' % (number, b"x" * 200) for number in range(20_000)]

#: The start of a command to which the modes of files apply, root's too.
AS_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@contextmanager
def full_device() -> Iterator[tuple[int, int | None]]:
    """A device without room."""
    with open("/dev/full", "wb") as device:  # noqa: PTH123 (a device, not a path)
        yield device.fileno(), None


@contextmanager
def pipe() -> Iterator[tuple[int, int | None]]:
    """A pipe, whose reader reads when the test does."""
    reader, writer = os.pipe()
    yield writer, reader
    os.close(writer)
    os.close(reader)


@contextmanager
def pipe_without_reader() -> Iterator[tuple[int, int | None]]:
    """A pipe whose reader has ended."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer, None
    os.close(writer)


@contextmanager
def socket_pair() -> Iterator[tuple[int, int | None]]:
    """A socket, as systemd's journal gives one."""
    reader, writer = socket.socketpair()
    with reader, writer:
        yield writer.fileno(), reader.fileno()


@contextmanager
def terminal() -> Iterator[tuple[int, int | None]]:
    """A terminal that was stopped with Ctrl-S: nobody reads its other end."""
    reader, writer = os.openpty()
    yield writer, reader
    os.close(writer)
    os.close(reader)


@contextmanager
def closed() -> Iterator[tuple[int, int | None]]:
    """A number without a descriptor."""
    yield 1_000, None


KINDS = [full_device, pipe, pipe_without_reader, socket_pair, terminal, closed]


@pytest.mark.parametrize("kind", KINDS)
def test_a_descriptor_that_takes_nothing_more_neither_raises_nor_waits(
    kind: Callable[[], Iterator[tuple[int, int | None]]],
) -> None:
    with kind() as (descriptor, _):  # type: ignore[attr-defined]  # a context manager by its decorator
        stream = LogStream(descriptor)
        assert [stream.write(line) for line in LINES] == [len(line) for line in LINES]
        assert stream.dropped > len(LINES) / 2


@pytest.mark.parametrize("kind", [pipe, socket_pair, terminal])
def test_the_descriptor_that_other_processes_share_keeps_its_flags(
    kind: Callable[[], Iterator[tuple[int, int | None]]],
) -> None:
    with kind() as (descriptor, _):  # type: ignore[attr-defined]  # as above
        before = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        stream = LogStream(descriptor)
        for line in LINES:
            stream.write(line)
        assert fcntl.fcntl(descriptor, fcntl.F_GETFL) == before


@pytest.mark.parametrize("kind", [pipe, socket_pair])
def test_a_reader_that_returns_gets_whole_lines_and_the_others_are_counted(
    kind: Callable[[], Iterator[tuple[int, int | None]]],
) -> None:
    with kind() as (descriptor, reader):  # type: ignore[attr-defined]  # as above
        stream = LogStream(descriptor)
        long = [line[:-1] * 40 + b"\n" for line in LINES[:1_000]]  # longer than what a pipe takes at once
        for line in long:
            stream.write(line)
        received = _read_all(reader)
        for line in LINES[:10]:
            stream.write(line)
        received += _read_all(reader)

    lines = received.splitlines(keepends=True)
    assert set(lines) <= {*long, *LINES[:10]}
    assert lines[-10:] == LINES[:10]
    assert len(lines) + stream.dropped == len(long) + 10


def test_a_file_that_is_full_gets_the_rest_of_its_cut_line_once_there_is_room(tmp_path: Path) -> None:
    program = """
import resource, sys
from service.observability import log_stream

log_stream.protect("stderr")
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
for number in range(30):
    print(f"{number:02}", "x" * 96, file=sys.stderr)
print(log_stream.dropped_lines(), flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
print("after", file=sys.stderr)
"""
    file = tmp_path / "log"
    with file.open("ab") as stderr:
        stderr.write(b"before\n")
        stderr.flush()
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, check=True
        )

    assert int(done.stdout) == 20
    assert file.read_text().splitlines() == ["before", *[f"{number:02} {'x' * 96}" for number in range(10)], "after"]


def test_a_pipe_of_another_user_is_written_by_a_thread() -> None:
    # Opening it anew is refused, as in a container whose runtime keeps the pipe for itself.
    program = """
import sys
from service.observability import log_stream

log_stream.protect("stderr")
for number in range(int(sys.argv[1])):
    print(number, "x" * 1_000, file=sys.stderr)
print(log_stream.dropped_lines(), type(sys.stderr.buffer._send.__self__).__name__, flush=True)
"""
    for number, is_dropping in ((5, False), (5_000, True)):
        reader, writer = os.pipe()
        os.fchmod(writer, 0)
        with subprocess.Popen(
            [*AS_OTHERS, sys.executable, "-c", program, str(number)], cwd=ROOT, stdout=subprocess.PIPE, stderr=writer
        ) as process:
            os.close(writer)
            assert process.stdout
            dropped, writer_name = process.stdout.readline().split()
            received = _read_to_end(reader)
        os.close(reader)
        assert writer_name == b"ThreadedWriter"
        assert (int(dropped) > 0) == is_dropping
        assert received.count(b"\n") + int(dropped) == number


def test_a_thread_counts_what_its_descriptor_refuses() -> None:
    refused: list[bytes] = []
    with full_device() as (descriptor, _):
        writer = ThreadedWriter(descriptor, refused.append)
        for line in LINES[:10]:
            writer.send(line)
        wait_until(lambda: len(refused) == 10)
    assert refused == LINES[:10]


def test_a_process_whose_standard_descriptors_are_closed_lends_their_numbers_to_no_connection() -> None:
    program = """
import socket, sys
from service.observability import log_stream

log_stream.protect("stderr")
assert min(end.fileno() for end in socket.socketpair()) > 2
print("lost", file=sys.stderr)
sys.exit(log_stream.dropped_lines())
"""
    command = [sys.executable, "-c", program]
    assert (
        subprocess.run(["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "-", *command], cwd=ROOT, check=False).returncode == 0
    )


def test_a_stream_that_may_wait_drops_nothing_while_its_reader_is_slow() -> None:
    program = """
import sys
from service.observability import log_stream

log_stream.protect("stderr", may_wait=True)
for number in range(5_000):
    print(number, "x" * 100, file=sys.stderr)
"""
    with tempfile.TemporaryFile() as output:
        slow_reader = [sys.executable, "-c", "import sys, time; time.sleep(0.5); print(len(sys.stdin.readlines()))"]
        with subprocess.Popen(slow_reader, stdin=subprocess.PIPE, stdout=output) as reader:
            subprocess.run([sys.executable, "-c", program], cwd=ROOT, stderr=reader.stdin, check=True)
            assert reader.stdin
            reader.stdin.close()
        output.seek(0)
        assert output.read() == b"5000\n"


def _read_all(reader: int | None) -> bytes:
    """Return what can be read now."""
    assert reader is not None
    os.set_blocking(reader, False)
    chunks = []
    try:
        while chunk := os.read(reader, 2**20):
            chunks.append(chunk)
    except BlockingIOError:
        pass
    return b"".join(chunks)


def _read_to_end(reader: int) -> bytes:
    with os.fdopen(os.dup(reader), "rb") as file:
        return file.read()
