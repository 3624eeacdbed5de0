"""Readiness of a process, by the protocol of systemd (sd_notify(3)): gunicorn and the webhook worker speak it."""

import os
import secrets
import socket
from contextlib import suppress

#: The variable with the address of the socket that waits for a process; `@` stands for the first byte of an abstract
#: name.
VARIABLE = "NOTIFY_SOCKET"

_READY = b"READY=1"

#: The longest message in bytes.
_LONGEST = 4_096


def report_ready() -> None:
    """Tell whoever started this process that it is ready; without effect where nobody waits."""
    address = os.environ.get(VARIABLE)
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0)
        sender.sendto(_READY, "\0" + address[1:] if address.startswith("@") else address)


class ReadySocket:
    """The socket at which one process reports that it is ready. Its name is abstract: no file is left behind."""

    def __init__(self) -> None:
        name = f"policytrail-{secrets.token_hex(16)}"
        self.address = f"@{name}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name}")
        self._socket.settimeout(0)
        self._is_ready = False

    def is_ready(self) -> bool:
        """Return whether the process has reported."""
        with suppress(OSError):  # nothing has arrived, or the socket is closed
            while not self._is_ready:
                self._is_ready = _READY in self._socket.recv(_LONGEST).split(b"\n")
        return self._is_ready

    def close(self) -> None:
        """Wait no longer."""
        self._socket.close()
