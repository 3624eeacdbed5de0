"""docs/policytrail.postman_collection.json is what the code builds, and runs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from service import create_app
from service.config import SEEDS, Settings
from service.openapi import build_spec
from service.postman import to_json
from service.seeding import seed
from tests.node import NEWMAN, run_node
from tests.service.conftest import make_key
from tests.serving import Served, serving

COLLECTION = Path(__file__).resolve().parents[2] / "docs" / "policytrail.postman_collection.json"


@pytest.fixture
def served(database: str) -> Iterator[Served]:
    with psycopg.connect(database) as conn:
        seed(conn, SEEDS, datetime.now(UTC))
    with serving(database, POLICYTRAIL_PUBLIC_READ="false") as served:
        yield served


def test_the_collection_is_what_the_code_builds() -> None:
    assert COLLECTION.read_text() == to_json(build_spec(create_app(Settings()))), "run `make openapi`"


def test_newman_runs_the_collection_and_every_request_succeeds(database: str, served: Served, tmp_path: Path) -> None:
    collection = tmp_path / "collection.json"
    collection.write_text(to_json(build_spec(create_app(Settings()))))
    key = make_key(database, "admin")
    ran = run_node(
        NEWMAN,
        *("run", collection, "--color", "off", "--disable-unicode"),
        *("--env-var", f"baseUrl={served.url}", "--env-var", f"apiKey={key}"),
    )
    assert ran.returncode == 0, ran.stdout
    assert "is answered as described" in ran.stdout
