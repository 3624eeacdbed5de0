"""The fixtures of the service's own tests."""

from tests.service.conftest import anyone, app, client, key

__all__ = ["anyone", "app", "client", "key"]
