"""The Flask application, put together: settings, database, problems, blueprints."""

from threading import Semaphore

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from service import headers, logs, metrics, observing, problems, throttling
from service.config import Settings
from service.current import Service
from service.db import Database
from service.delivery.tailing import Tail
from service.jsontext import Bounds
from service.limits import Limits
from service.views import BLUEPRINTS


def build(settings: Settings) -> Flask:
    """See `service.create_app`."""
    app = Flask("service", static_folder=None)
    app.url_map.merge_slashes = False  # the redirect would be HTML
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    database = Database(settings)
    app.extensions["policytrail"] = Service(
        settings,
        database,
        Limits(settings),
        Bounds(nesting=settings.max_nesting, members=settings.max_array, text=settings.max_text),
        Tail(database.reading, settings.max_followers, metrics.tell_followers),
        Semaphore(settings.max_imports),
    )
    logs.configure(settings.log_level)
    logs.register(app)
    observing.register(app, app.extensions["policytrail"].database.pool)
    headers.register(app, settings.cors_origins)
    throttling.register(app)
    problems.register(app)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0)  # type: ignore[method-assign]  # Flask's own way
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
