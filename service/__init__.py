"""Policytrail: policy events whose every fact can point at its evidence, over HTTP."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.config import Settings

__all__ = ["create_app"]


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The application, not yet connected: the process that serves opens `app.extensions["policytrail"].database`."""
    # Imported here: gunicorn's configuration and the command read settings from this package before gevent has patched
    # the standard library, and psycopg must be imported after.
    from service.app import build  # noqa: PLC0415
    from service.config import load_settings  # noqa: PLC0415

    return build(settings or load_settings())
