"""Ctrl-C ends a command even where Python drops the KeyboardInterrupt."""

import gc
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import BinaryIO

import psycopg
import pytest
from click.testing import CliRunner

from service.cli import import_file
from service.cli.interrupt import interruptible, raise_interrupt, remember_interrupts
from service.cli.main import main
from service.imports import readers
from tests.commands import command
from tests.imports import ndjson, row
from tests.mappings import MAPPINGS


@pytest.fixture(autouse=True)
def dropped(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The exceptions that Python drops, instead of their report."""
    exceptions: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: exceptions.append(one.exc_type))
    return exceptions


class Destructible:
    """Receives SIGINT in its destructor."""

    def __del__(self) -> None:
        """Receive it."""
        signal.raise_signal(signal.SIGINT)


def in_a_destructor() -> None:
    one = Destructible()
    del one


def in_a_weak_reference() -> None:
    def callback(_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    one = {Destructible}
    reference = weakref.ref(one, callback)
    del one, reference


def in_garbage_collection() -> None:
    def callback(phase: str, _: object) -> None:
        if phase == "start":
            signal.raise_signal(signal.SIGINT)

    gc.callbacks.append(callback)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(callback)


PLACES = pytest.mark.parametrize("interrupt", [in_a_destructor, in_a_weak_reference, in_garbage_collection])


@PLACES
def test_a_dropped_interrupt_is_raised_before_the_next_wait(
    interrupt: Callable[[], None], dropped: list[object]
) -> None:
    waits = []

    def members() -> Iterator[int]:
        for number in range(3):
            waits.append(number)
            yield number

    def work() -> None:
        for _ in interruptible(members()):
            interrupt()

    with remember_interrupts(), pytest.raises(KeyboardInterrupt):
        work()
    assert (waits, dropped) == ([0], [KeyboardInterrupt])


def test_a_signal_of_an_earlier_command_is_forgotten() -> None:
    for _ in range(2):
        with remember_interrupts():
            raise_interrupt()
            in_a_destructor()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def chunks_around(
    interrupt: Callable[[], None], waits: list[str], first: bytes = ndjson(*map(row, range(3)))
) -> Callable[[BinaryIO], Iterator[bytes]]:
    """Return a reader of chunks that is interrupted after the first one."""

    def read_chunks(_: BinaryIO) -> Iterator[bytes]:
        yield first
        interrupt()
        yield b"half a line"
        waits.append("for a chunk that never comes")

    return read_chunks


@PLACES
def test_a_dropped_interrupt_ends_an_import_as_interrupted(
    interrupt: Callable[[], None], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[str] = []
    monkeypatch.setattr(import_file, "read_chunks", chunks_around(interrupt, waits))
    result = command(database, "import", "-")
    assert (result.exit_code, result.output, waits) == (1, "\nAborted!\n", [])
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT state, reason FROM import").fetchall() == [
            ("interrupted", "The import was stopped.")
        ]


def test_a_dropped_interrupt_ends_the_check_of_a_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[str] = []
    monkeypatch.setattr(readers, "read_chunks", chunks_around(in_a_destructor, waits, first=b"half a line and "))
    result = CliRunner().invoke(main, ["mapping", "check", str(MAPPINGS / "coronanet.toml"), "-"], input=b"")
    assert (result.exit_code, result.output, waits) == (1, "\nAborted!\n", [])
