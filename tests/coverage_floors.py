"""The coverage of each package, with a floor that it may not fall below."""

import sys
from collections import defaultdict
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent

#: Percent of the statements of all packages that tests must run.
OVERALL = 95

#: Percent of the statements of each package. `service` stands for its own files. Some statements of the command,
#: of HTTP and of observability run under gunicorn alone, which is not measured.
FLOORS = {
    "schemas": 95,
    "service": 95,
    "service/cli": 90,
    "service/db": 95,
    "service/events": 95,
    "service/exports": 95,
    "service/feed": 95,
    "service/http": 90,
    "service/imports": 95,
    "service/mappings": 95,
    "service/observability": 85,
    "service/openapi": 95,
    "service/search": 95,
    "service/store": 95,
    "service/views": 95,
    "service/webhooks": 95,
}


def check(folder: Path) -> bool:
    """Combine the coverage of all processes in `folder` and print it by package. Return whether every floor is held."""
    packages = _count(_combine(folder))
    lines, held = [], packages.keys() == FLOORS.keys()
    if not held:
        lines.append(f"tests/coverage_floors.py and the packages differ: {sorted(packages.keys() ^ FLOORS.keys())}")
    packages["all"] = tuple(map(sum, zip(*packages.values(), strict=True)))
    for name, (covered, statements) in packages.items():
        percent, floor = 100 * covered / statements, FLOORS.get(name, OVERALL)
        lines.append(f"coverage of {name:24}{percent:6.1f} %, floor {floor} %{'' if percent >= floor else ': BELOW'}")
        held = held and percent >= floor
    sys.stdout.write("\n".join([*lines, ""]))
    return held


def _combine(folder: Path) -> Coverage:
    measured = Coverage(data_file=folder / "data", config_file=False, messages=False)
    measured.combine([str(folder)], keep=True)
    return measured


def _count(measured: Coverage) -> dict[str, tuple[int, ...]]:
    """Return the covered and all statements of each package; files that nothing imports count too."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for file in sorted([*ROOT.glob("schemas/**/*.py"), *ROOT.glob("service/**/*.py")]):
        _, statements, _, missing, _ = measured.analysis2(str(file))
        package = "/".join(file.relative_to(ROOT).parts[:-1][:2])
        counts[package][0] += len(statements) - len(missing)
        counts[package][1] += len(statements)
    return {package: tuple(pair) for package, pair in counts.items()}
