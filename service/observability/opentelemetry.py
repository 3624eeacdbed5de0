"""OpenTelemetry spans of every request and every statement, if POLICYTRAIL_OTEL is on.

OpenTelemetry's own variables, such as OTEL_EXPORTER_OTLP_ENDPOINT, set their destination. They cost a request 100 us.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

#: One module of each distribution in the extra `otel`.
_NEEDED = (
    "opentelemetry.sdk.trace",
    "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry.instrumentation.flask",
    "opentelemetry.instrumentation.psycopg",
)


def missing_extra() -> str | None:
    """Return an error text with the missing package, or None if the extra is installed."""
    missing = next((name for name in _NEEDED if not _is_installed(name)), None)
    if missing is None:
        return None
    return f"POLICYTRAIL_OTEL is on, but {missing} is not installed: pip install 'policytrail[otel]', or turn it off."


def instrument(app: "Flask") -> None:
    """Record spans of `app`. Call it in the serving process, whose thread sends them, before it connects."""
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


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False
