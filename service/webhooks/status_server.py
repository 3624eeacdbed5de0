"""The port of a worker: /metrics for Prometheus, and /livez for a health check."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import make_wsgi_app, start_http_server

from service.strict_json import render
from service.webhooks.loop_pulses import LoopPulses
from service.webhooks.metrics import REGISTRY

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def serve_status(pulses: LoopPulses, host: str, port: int) -> None:
    """Serve in a thread, which answers even while the event loop hangs. Raise ValueError if the port is in use."""
    try:
        server, _ = start_http_server(port, host, REGISTRY)
    except OSError as error:
        raise ValueError(f"POLICYTRAIL_WORKER_METRICS_PORT: {host}:{port}: {error.strerror}") from error
    server.set_app(with_health(make_wsgi_app(REGISTRY), pulses))


def with_health(metrics: "WSGIApplication", pulses: LoopPulses) -> "WSGIApplication":
    """Return `metrics` with /livez, which is 503 while a loop of the worker is stalled."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/livez":
            return metrics(environ, start_response)
        checks = dict.fromkeys(pulses.ages(), "pass") | dict.fromkeys(pulses.stalled(), "stalled")
        is_live = set(checks.values()) == {"pass"}
        headers = [("Content-Type", "application/health+json"), ("Cache-Control", "no-store")]
        start_response("200 OK" if is_live else "503 Service Unavailable", headers)
        return [render({"status": "pass" if is_live else "fail", "checks": checks})]

    return answer
