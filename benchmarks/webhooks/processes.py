"""Receivers and workers in processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from service.config import ROOT, environment_name


@dataclass(frozen=True)
class Receiver:
    """A running receiver: its process, its log, and the URLs at which it listens."""

    process: subprocess.Popen[str]
    log: Path
    plain: str
    secure: str
    hanging: str

    def arrivals(self) -> list[tuple[float, str, str]]:
        """Return time, event and path of each delivery, once the receiver has ended."""
        lines = (line.split(" ") for line in self.log.read_text().splitlines())
        return [(float(at), event, path) for at, event, path in lines]


@contextmanager
def receiver(directory: Path) -> Iterator[Receiver]:
    """Run a receiver until the block ends; its arrivals can be read afterwards."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "authority.pem"))
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(directory / "certificate.pem"))
    log, pem = directory / "arrivals", str(directory / "certificate.pem")
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.webhooks.receiver", log, pem, pem],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout  # noqa: S101 (a pipe was asked for)
        plain, secure, hanging = process.stdout.readline().split()
        hosts = (f"http://127.0.0.1:{plain}", f"https://localhost:{secure}", f"http://127.0.0.1:{hanging}")
        try:
            yield Receiver(process, log, *hosts)
        finally:
            process.send_signal(signal.SIGTERM)


@contextmanager
def worker(database: str, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `policytrail work` until the block ends. Its settings are the defaults, but it may send to this machine."""
    settings = {
        environment_name("database_url"): database,
        environment_name("webhook_private_networks"): "127.0.0.0/8,::1/128",
        environment_name("webhook_http_networks"): "127.0.0.0/8,::1/128",
        "SSL_CERT_FILE": str(directory / "authority.pem"),
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(("POLICYTRAIL_", "COVERAGE_"))}
    process = subprocess.Popen([sys.executable, "-m", "service", "work"], cwd=ROOT, env=others | settings)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def sender_limit(url: str, directory: Path, *, seconds: float, concurrency: int, size: int) -> tuple[float, float]:
    """Return the deliveries a second of the sender alone, and the microseconds of processor time of each."""
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.webhooks.sender_limit", url, str(seconds), str(concurrency), str(size)],
        cwd=ROOT,
        env=os.environ | {"SSL_CERT_FILE": str(directory / "authority.pem")},
        capture_output=True,
        text=True,
        check=True,
    )
    number, cpu = map(float, process.stdout.split())
    return number / seconds, cpu / number * 1e6
