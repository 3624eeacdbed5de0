"""Readiness of processes, by the protocol of systemd."""

import socket
from pathlib import Path

import pytest

from service.observability.readiness import VARIABLE, ReadySocket, report_ready


def test_a_report_is_received_once_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = ReadySocket()
    monkeypatch.setenv(VARIABLE, ready.address)
    assert not ready.is_ready()
    report_ready()
    assert ready.is_ready()
    assert ready.is_ready()
    ready.close()
    report_ready()  # nobody waits any more


def test_other_messages_are_no_report() -> None:
    ready = ReadySocket()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\0" + ready.address[1:])
        sender.send(b"STATUS=READY=1 follows")
        assert not ready.is_ready()
        sender.send(b"STATUS=booted\nREADY=1")
    assert ready.is_ready()
    ready.close()


def test_a_report_reaches_a_socket_with_a_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv(VARIABLE, str(tmp_path / "notify"))
        report_ready()
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "@nobody-listens-here", "/no/such/socket"])
def test_nobody_need_wait_for_it(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(VARIABLE, address)
    report_ready()
