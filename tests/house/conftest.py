"""The fixtures of the service's own tests, and the seeded API that the gates try."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service import create_app
from service.config import Settings
from service.openapi.spec import to_yaml
from tests.servers import Served, serving
from tests.service.conftest import anyone, app, client, key, seeded

__all__ = ["anyone", "app", "client", "key", "seeded", "served"]


@pytest.fixture
def served(seeded: str) -> Iterator[Served]:
    """The seeded API, which nobody reads without a key."""
    with serving(seeded, POLICYTRAIL_PUBLIC_READ="false") as served:
        yield served


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description of the API as a file."""
    file = tmp_path_factory.mktemp("openapi") / "openapi.yaml"
    file.write_text(to_yaml(create_app(Settings())))
    return file
