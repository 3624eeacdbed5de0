"""Policytrail: an HTTP service for policy events, in which every fact can cite its evidence."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.config import Settings

__all__ = ["create_app"]


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Return the application, not yet connected: the serving process opens `app.extensions["policytrail"].database`."""
    # Imported late: gunicorn's configuration and the command read settings from this package before gevent patches the
    # standard library, and psycopg must be imported after that.
    from service.app import build  # noqa: PLC0415
    from service.config import load_settings  # noqa: PLC0415

    return build(settings or load_settings())
