"""Standard output and error that never raise, and never wait in a service: what cannot be written is dropped.

gunicorn.conf.py imports this module before gevent patches the locks and threads that it takes from `_thread`.
"""

import _socket  # gevent's own socket sets O_NONBLOCK on the descriptor that other processes share
import atexit
import io
import os
import stat
import sys
from _thread import RLock, start_new_thread
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from socket import MSG_DONTWAIT
from time import monotonic, sleep
from typing import Any

#: Bytes that wait for a descriptor which only a thread can write, and seconds for which the process's end waits for it.
MOST_QUEUED, LAST_WORD = 1024**2, 1.0

_DESCRIPTORS = {"stdout": 1, "stderr": 2}

#: Sends bytes, and returns the number of those sent. OSError if it can send none now.
Send = Callable[[bytes], int]


def protect(*names: str, may_wait: bool = False) -> None:
    """Replace the interpreter's stdout or stderr, by name, with a stream of this module; leave anyone else's alone.

    A stream that `may_wait` only never raises: for a command at a terminal, whose user wants every line.
    """
    _fill_closed_descriptors()
    for name in names:
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            raw = LogStream(_DESCRIPTORS[name], may_wait=may_wait)
            encoding = stream.encoding if stream else "utf-8"  # None if the descriptor was closed
            setattr(sys, name, io.TextIOWrapper(raw, encoding, "backslashreplace", line_buffering=True))
        elif isinstance(getattr(stream, "buffer", None), LogStream):
            stream.buffer.set_waiting(may_wait=may_wait)


def dropped_lines() -> int:
    """Return the number of lines that this process has dropped."""
    streams = (getattr(stream, "buffer", None) for stream in (sys.stdout, sys.stderr))
    return sum(stream.dropped for stream in streams if isinstance(stream, LogStream))


class LogStream(io.RawIOBase):
    """A binary stream on a descriptor. A line is written whole or dropped; one that was cut is completed first."""

    def __init__(self, descriptor: int, *, may_wait: bool = False) -> None:
        """Open nothing yet: a daemon first replaces its descriptors."""
        self.dropped = 0
        self._descriptor, self._may_wait = descriptor, may_wait
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Begin anew in this process: threads and held locks stay behind in the parent of a fork."""
        self._lock, self._rest = RLock(), b""
        self._send: Send = _closed

    def set_waiting(self, *, may_wait: bool) -> None:
        """Wait for a reader from now on, or never."""
        self._may_wait, self._send = may_wait, _closed

    def write(self, data: Any) -> int:
        """Write or drop `data`, and return its length in any case."""
        line = bytes(data)
        with self._lock:
            if self._rest:
                self._rest = self._unsent(self._rest)
            rest = line if self._rest else self._unsent(line)
            if rest is line:
                self.count_dropped(line)
            else:
                self._rest = rest
        return len(line)

    def _unsent(self, data: bytes) -> bytes:
        """Send `data`, and return the part that could not be sent: `data` itself if nothing was."""
        try:
            while data:
                if self._send is _closed:
                    self._send = self._open()
                data = data[self._send(data) :]
        except OSError:
            pass
        return data

    def _open(self) -> Send:
        return partial(os.write, self._descriptor) if self._may_wait else _open_nonblocking(self._descriptor, self)

    def count_dropped(self, data: bytes) -> None:
        """Count the lines of `data` as dropped."""
        with self._lock:
            self.dropped += data.count(b"\n")

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether the descriptor is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Return True."""
        return True


class ThreadedWriter:
    """Writes lines in a thread of its own, from a bounded queue."""

    def __init__(self, descriptor: int, on_drop: Callable[[bytes], object]) -> None:
        """`on_drop` is called with bytes that the descriptor refuses."""
        self._descriptor, self._on_drop = descriptor, on_drop
        self._queue: deque[bytes] = deque()
        # Bytes since the start, each written by one side alone.
        self._sent, self._written = 0, 0
        self._awake, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        start_new_thread(self._run, ())
        atexit.register(self._drain)

    def send(self, data: bytes) -> int:
        """Queue `data`, and return its length. BlockingIOError if the queue is full."""
        if self._sent - self._written + len(data) > MOST_QUEUED:
            raise BlockingIOError
        self._sent += len(data)
        self._queue.append(data)
        with suppress(BlockingIOError):  # a full pipe wakes the thread as well
            os.write(self._wake, b"\0")
        return len(data)

    def _run(self) -> None:
        while os.read(self._awake, 4096):
            while self._queue:
                data = self._queue.popleft()
                self._write(data)
                self._written += len(data)

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._on_drop(data)

    def _drain(self) -> None:
        """Wait until the lines of a process that ends are written."""
        deadline = monotonic() + LAST_WORD
        while self._written < self._sent and monotonic() < deadline:
            sleep(0.01)


def _closed(_data: bytes) -> int:
    """Send nothing; a stream that is not open yet opens itself first."""
    return 0


def _open_nonblocking(descriptor: int, stream: LogStream) -> Send:
    """Return a function that sends to `descriptor` without waiting.

    O_NONBLOCK is a property of the open file, which other processes share; so it is never set on `descriptor` itself.
    """
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):  # never waits for a reader
        return partial(os.write, descriptor)
    if stat.S_ISSOCK(mode):
        return partial(_send_to, _socket.socket(fileno=os.dup(descriptor)))
    try:
        own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:  # another user's pipe
        return ThreadedWriter(descriptor, stream.count_dropped).send
    return partial(os.write, own)


def _send_to(sock: _socket.socket, data: bytes) -> int:
    return sock.send(data, MSG_DONTWAIT)


def _fill_closed_descriptors() -> None:
    """Open /dev/null where a standard descriptor is closed, or a connection would get its number, and the log."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is the descriptor's own.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 (the function's own form)
