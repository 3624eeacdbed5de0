"""docs/policytrail.postman_collection.json is what the code builds, and runs."""

from pathlib import Path

from service import create_app
from service.config import Settings
from service.openapi import build_spec
from service.postman import to_json
from tests.node import NEWMAN, run_node
from tests.serving import Served

COLLECTION = Path(__file__).resolve().parents[2] / "docs" / "policytrail.postman_collection.json"


def test_the_collection_is_what_the_code_builds() -> None:
    assert COLLECTION.read_text() == to_json(build_spec(create_app(Settings()))), "run `make openapi`"


def test_newman_runs_the_collection_and_every_request_succeeds(served: Served, key: str, tmp_path: Path) -> None:
    collection = tmp_path / "collection.json"
    collection.write_text(to_json(build_spec(create_app(Settings()))))
    ran = run_node(
        NEWMAN,
        *("run", collection, "--color", "off", "--disable-unicode"),
        *("--env-var", f"baseUrl={served.url}", "--env-var", f"apiKey={key}"),
    )
    assert ran.returncode == 0, ran.stdout
    assert "is answered as described" in ran.stdout
