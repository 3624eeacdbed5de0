"""Tables that `make test` prints below the results of the tests."""

from tests.folders import REPORTS


def write_report(name: str, table: str) -> None:
    """Keep a table for the end of `make test`."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"{name}.md").write_text(f"{table}\n")
