"""Spans by OpenTelemetry, where POLICYTRAIL_OTEL asks for them: of every request and every statement.

Where they go, OpenTelemetry's own variables say, such as OTEL_EXPORTER_OTLP_ENDPOINT. It takes about 100 us a request.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

#: One module of each distribution of the extra `otel`.
_NEEDED = (
    "opentelemetry.sdk.trace",
    "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry.instrumentation.flask",
    "opentelemetry.instrumentation.psycopg",
)


def what_is_missing() -> str | None:
    """A sentence that says what to install, to be told before anything is served; None where the extra is there."""
    missing = next((name for name in _NEEDED if not _is_there(name)), None)
    if missing is None:
        return None
    return f"POLICYTRAIL_OTEL is on, but {missing} is not installed: pip install 'policytrail[otel]', or turn it off."


def instrument(app: "Flask") -> None:
    """Make spans of what `app` does; in the process that serves, whose thread sends them, and before it connects."""
    from opentelemetry import trace  # noqa: PLC0415 (an extra)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "policytrail"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    FlaskInstrumentor().instrument_app(app, excluded_urls="livez,readyz,metrics")
    PsycopgInstrumentor().instrument()


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package around it
        return False
