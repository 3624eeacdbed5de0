"""docs/policytrail.postman_collection.json is what the code builds, and runs."""

from pathlib import Path

from service import create_app
from service.config import ROOT, Settings
from service.openapi.postman import render_collection
from service.openapi.spec import build_spec
from tests.faults.workers import run_worker
from tests.node import NEWMAN, run_node
from tests.receivers import respond_with, run_receiver
from tests.servers import serving

COLLECTION = ROOT / "docs" / "policytrail.postman_collection.json"
LOOPBACK = "127.0.0.0/8"


def test_the_collection_is_current() -> None:
    assert COLLECTION.read_text() == render_collection(build_spec(create_app(Settings()))), "run `make openapi`"


def test_every_request_of_the_collection_succeeds_in_newman(seeded: str, key: str, tmp_path: Path) -> None:
    collection = tmp_path / "collection.json"
    collection.write_text(render_collection(build_spec(create_app(Settings()))))
    with (
        serving(
            seeded,
            POLICYTRAIL_PUBLIC_READ="false",
            POLICYTRAIL_WEBHOOK_PRIVATE_NETWORKS=LOOPBACK,
            POLICYTRAIL_WEBHOOK_HTTP_NETWORKS=LOOPBACK,
        ) as served,
        run_worker(seeded, POLICYTRAIL_PUBLIC_READ="false"),
        run_receiver(respond_with()) as receiver,
    ):
        ran = run_node(
            NEWMAN,
            *("run", collection, "--color", "off", "--disable-unicode"),
            *("--env-var", f"baseUrl={served.url}", "--env-var", f"apiKey={key}"),
            *("--env-var", f"receiverUrl={receiver.url}"),
        )
    assert ran.returncode == 0, ran.stdout
    assert "responds as documented" in ran.stdout
    assert {request.json()["type"] for request in receiver.requests} == {"webhook.ping", "event.create"}
