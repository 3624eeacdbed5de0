"""The fixtures of the service's own tests, and the seeded API that the gates try."""

from collections.abc import Iterator

import pytest

from tests.servers import Served, serving
from tests.service.conftest import anyone, app, client, key, seeded

__all__ = ["anyone", "app", "client", "key", "seeded", "served"]


@pytest.fixture
def served(seeded: str) -> Iterator[Served]:
    """The seeded API, which nobody reads without a key."""
    with serving(seeded, POLICYTRAIL_PUBLIC_READ="false") as served:
        yield served
