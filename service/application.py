"""The Flask application, put together: settings, database, problems, blueprints."""

from flask import Flask

from service import logs, problems
from service.config import Settings
from service.current import Service
from service.db import Database
from service.views import BLUEPRINTS


def build(settings: Settings) -> Flask:
    """See `service.create_app`."""
    app = Flask("service", static_folder=None)
    app.url_map.merge_slashes = False  # the redirect would be HTML
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.extensions["policytrail"] = Service(settings, Database(settings))
    logs.configure(settings.log_level)
    logs.register(app)
    problems.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
