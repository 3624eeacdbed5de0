"""OpenTelemetry, an extra that may be missing."""

import os
import subprocess
import sys

import pytest

from service.config import ROOT
from service.observability import opentelemetry


def test_opentelemetry_without_its_extra_fails_at_the_start() -> None:
    missing = opentelemetry.missing_extra()
    if missing is None:
        pytest.skip("the extra is installed")
    started = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "service.wsgi:app"],
        cwd=ROOT,
        env=os.environ | {"POLICYTRAIL_OTEL": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (started.returncode, started.stderr) == (1, missing + "\n")
    assert missing.endswith("is not installed: pip install 'policytrail[otel]', or turn it off.")
