"""Random requests, and sequences of them along the links of openapi.yaml, made by schemathesis."""

from pathlib import Path

from tests.house.schemathesis_run import run_schemathesis
from tests.servers import Served


def test_no_random_request_or_sequence_deviates(description: Path, database: str, served: Served, key: str) -> None:
    run = run_schemathesis("fuzzing,stateful", description, database, served, key)
    assert run.cases >= 1_000
    assert run.links >= 20
