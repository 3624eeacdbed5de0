"""/livez, /readyz, /metrics, for operators. They need no key; keep them from the public."""

import psycopg
from flask import Blueprint, Response

from schemas.meta import HealthSchema
from service.config import MIGRATIONS
from service.db.migrations import pending
from service.errors import ServiceError, Unavailable
from service.http.context import service
from service.http.operation import operation
from service.observability import metrics
from service.strict_json import render

health = Blueprint("health", __name__)

#: Seconds that /readyz waits for a silent database: less than health checks wait for /readyz.
PATIENCE = 2.0

HEALTH_JSON = "application/health+json"


@health.get("/livez")
@operation(returns=(200, HealthSchema), media_type=HEALTH_JSON)
def live() -> Response:
    """Report that the process serves requests, without further checks."""
    return _report({})


@health.get("/readyz")
@operation(returns=(200, HealthSchema), media_type=HEALTH_JSON, also=[Unavailable])
def ready() -> Response:
    """Report whether the database is available and all migrations are applied."""
    return _report(_checks())


@health.get("/metrics")
@operation(returns=(200, None), media_type="text/plain")
def measurements() -> Response:
    """Export the metrics of all processes, for Prometheus."""
    return Response(metrics.exposition(), content_type=metrics.MEDIA_TYPE)


def _report(checks: dict[str, str]) -> Response:
    passed = all(result == "pass" for result in checks.values())
    body = render({"status": "pass" if passed else "fail", "checks": checks})
    response = Response(body, 200 if passed else 503, content_type=HEALTH_JSON, headers={"Cache-Control": "no-store"})
    if not passed:
        response.headers["Retry-After"] = "1"
    return response


def _checks() -> dict[str, str]:
    """Return the results by check. They share a connection, so that an absent database costs one wait."""
    try:
        with service().database.reading(timeout=PATIENCE) as conn:
            missing = pending(conn, MIGRATIONS)
    except (ServiceError, psycopg.Error):
        return {"database": "cannot be reached", "migrations": "unknown"}
    return {"database": "pass", "migrations": f"pending: {', '.join(missing)}" if missing else "pass"}
