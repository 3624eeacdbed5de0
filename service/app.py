"""The Flask application: its parts, the functions around every request, its blueprints."""

from threading import Semaphore

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from service.config import Settings
from service.db.pool import Database
from service.feed.tail import Tail
from service.http import host, problems, response_headers
from service.http.context import Service
from service.http.rate_limit import RateLimits
from service.observability import access_log, metrics, process_metrics
from service.strict_json import JsonLimits
from service.views import BLUEPRINTS


def build(settings: Settings) -> Flask:
    """Return the application with `settings`, not yet connected."""
    app = Flask("service", static_folder=None)
    app.url_map.merge_slashes = False  # the redirect would be HTML
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    provide(app, settings)
    access_log.register(app)
    process_metrics.register(app, lambda: app.extensions["policytrail"].database.pool)
    response_headers.register(app, settings.cors_origins)
    problems.register(app)
    host.register(app)
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # Flask's own way
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def provide(app: Flask, settings: Settings) -> None:
    """Give `app` the parts that its requests share, not yet connected. Tests do so again for each database."""
    database = Database(settings)
    app.extensions["policytrail"] = Service(
        settings,
        database,
        RateLimits(settings),
        JsonLimits(nesting=settings.max_nesting, members=settings.max_array, text=settings.max_text),
        Tail(database.reading, settings.max_followers, metrics.set_followers),
        Semaphore(settings.max_imports),
        Semaphore(max(1, settings.pool_size // 2)),
        Semaphore(max(1, settings.pool_size // 4)),
    )
    access_log.configure(settings.log_level)
