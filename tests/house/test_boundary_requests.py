"""Requests at every boundary that openapi.yaml describes, made by schemathesis.

Beside test_random_requests.py, so that the two run at the same time.
"""

from pathlib import Path

from tests.house.schemathesis_run import run_schemathesis
from tests.servers import Served


def test_no_boundary_of_a_schema_deviates(description: Path, database: str, served: Served, key: str) -> None:
    assert run_schemathesis("examples,coverage", description, database, served, key).cases >= 10_000
