"""Metrics: the counts of requests, and the list in the documentation."""

import re
from urllib.request import urlopen

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import CapturingLogger

from service.config import ROOT
from service.observability import access_log, metrics
from tests.deliveries import wait_for
from tests.factories import an_event
from tests.faults.workers import run_worker, subscribe, write
from tests.receivers import run_receiver
from tests.servers import free_port, serving

MONITORING = (ROOT / "docs" / "reference" / "monitoring.md").read_text()

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """Capture the access log."""
    log = CapturingLogger()
    monkeypatch.setattr(access_log, "log", log)
    return log


def test_requests_are_counted_by_route_status_and_key(
    client: FlaskClient, anyone: FlaskClient, log: CapturingLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_keys", set())  # tests before this one have brought more keys than are counted apart
    before = _measured()
    client.post("/v1/events", json=an_event())
    anyone.get("/v1/events")
    anyone.get("/nothing/1")
    anyone.get("/nothing/2")
    key = log.calls[0].kwargs["key"]
    after = _measured()
    grown = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}

    counted = {name: value for name, value in grown.items() if name[0] == "policytrail_requests_total"}
    assert counted == {
        ("policytrail_requests_total", "POST", "/v1/events", "201"): 1,
        ("policytrail_requests_total", "GET", "/v1/events", "200"): 1,
        ("policytrail_requests_total", "GET", "none", "404"): 2,
    }
    by_key = {name[1:]: value for name, value in grown.items() if name[0] == "policytrail_requests_by_key_total"}
    assert by_key == {(key, "201"): 1, ("none", "200"): 1, ("none", "404"): 2}
    in_database = {name[1:]: value for name, value in grown.items() if name[0] == "policytrail_database_seconds_count"}
    assert in_database == {("/v1/events",): 2}


def test_requests_of_the_first_hundred_keys_are_counted_separately(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_keys", set())
    labels = [metrics._label_of(str(number)) for number in range(102)]
    assert labels == [*map(str, range(100)), "other", "other"]
    assert (metrics._label_of("7"), metrics._label_of(None)) == ("7", "none")


def test_the_metrics_of_the_api_are_the_documented_ones(database: str) -> None:
    with serving(database, POLICYTRAIL_WORKERS="2") as served:
        told = _get(served.url + "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(told)}
    assert _ours(told) == _documented("## Metrics of the API\n") - {"policytrail_database_seconds"}
    assert families["policytrail_pool_size"].samples[0].value >= 1
    assert families["policytrail_pool_size"].samples[0].labels == {}


def test_the_metrics_of_a_worker_are_the_documented_ones(database: str) -> None:
    port = free_port()
    with run_worker(database, POLICYTRAIL_WORKER_METRICS_PORT=str(port)), run_receiver() as receiver:
        subscribe(database, receiver)
        write(database, 1)
        wait_for(lambda: receiver.requests)
        # What has ended is counted a moment after the receiver has seen it.
        wait_for(lambda: "attempts_total{" in _get(f"http://127.0.0.1:{port}/metrics"))
        told = _get(f"http://127.0.0.1:{port}/metrics")
    assert _ours(told) == _documented("## Metrics of a worker\n")
    assert 'policytrail_webhook_attempts_total{outcome="accepted"} 1.0' in told
    assert "policytrail_webhook_first_attempt_seconds_count 1.0" in told


def _measured() -> dict[tuple[str, ...], float]:
    """Every sample: its name and the values of its labels."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def _ours(told: str) -> set[str]:
    """The names of our metrics in an exposition."""
    names = {sample.name for family in text_string_to_metric_families(told) for sample in family.samples}
    ours = {name for name in names if name.startswith("policytrail_")}
    return {name.removesuffix("_count") for name in ours if not name.endswith(("_bucket", "_sum", "_created"))}


def _documented(heading: str) -> set[str]:
    """The names of metrics in the table beneath a heading."""
    section = MONITORING.split(heading)[1].split("\n## ")[0]
    rows = re.findall(r"^\|(.+?)\|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(policytrail_\w+)`", row)}


def _get(url: str) -> str:

    with urlopen(url, timeout=10) as answer:  # noqa: S310 (our own address)
        return str(answer.read().decode())
