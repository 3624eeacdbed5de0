"""Benchmarks with few rows, on the server of the session."""

import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benchmarks import databases, servers
from service.db.embedded_postgres import Server

READMES = sorted((Path(__file__).parents[2] / "benchmarks").rglob("README.md"))

#: Run a benchmark with `--small` and these options, and return its output.
SmallRun = Callable[..., str]


@pytest.fixture
def small_run(cluster: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallRun]:
    """Run a benchmark once, with one process for each server; it writes no README."""
    monkeypatch.setattr(databases, "server", lambda _directory: nullcontext(cluster))
    monkeypatch.setattr(servers, "WORKERS", 1)

    def run(command: click.Command, *options: str) -> str:
        result = CliRunner(catch_exceptions=False).invoke(command, ["--small", *options])
        assert result.exit_code == 0, result.output
        return result.output

    handler = signal.getsignal(signal.SIGTERM)
    tables = [readme.read_bytes() for readme in READMES]
    yield run
    signal.signal(signal.SIGTERM, handler)
    assert [readme.read_bytes() for readme in READMES] == tables
