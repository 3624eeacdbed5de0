"""The port of a worker: its metrics, and its health."""

import json
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from service.webhooks.loop_pulses import STALLED_AFTER, LoopPulses
from service.webhooks.status_server import serve_status
from tests.servers import free_port


def test_livez_fails_while_a_loop_is_stalled_and_metrics_stay() -> None:
    now, port = [0.0], free_port()
    pulses = LoopPulses(lambda: now[0])
    pulses.beat("sequencer", within=0.2)
    pulses.beat("matcher", within=0.2)
    serve_status(pulses, "127.0.0.1", port)
    address = f"http://127.0.0.1:{port}"

    with urlopen(f"{address}/livez", timeout=10) as response:  # noqa: S310 (the address of this test)
        assert response.headers["Content-Type"] == "application/health+json"
        assert json.load(response) == {"status": "pass", "checks": {"sequencer": "pass", "matcher": "pass"}}

    now[0] = STALLED_AFTER + 1
    pulses.beat("sequencer", within=0.2)
    with pytest.raises(HTTPError) as error:
        urlopen(f"{address}/livez", timeout=10)  # noqa: S310 (as above)
    assert error.value.code == 503
    assert json.load(error.value) == {"status": "fail", "checks": {"sequencer": "pass", "matcher": "stalled"}}

    with urlopen(f"{address}/metrics", timeout=10) as response:  # noqa: S310 (as above)
        assert b"policytrail_webhook_in_flight" in response.read()
