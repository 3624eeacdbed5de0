"""What is told of an import: its record, the same in the answer, at its address and by the command."""

from collections.abc import Iterable
from typing import Any

from service.events.normalize import timestamp
from service.imports.progress import Progress
from service.store.imports import Import, RowError
from service.strict_json import render

#: Errors that a report holds at most; all that are kept stand at its `errors_url`.
MOST_ERRORS = 1_000


def report(told: Import, errors: Iterable[RowError]) -> dict[str, Any]:
    """An import as ImportSchema shows it, with its first errors."""
    return summary(told) | {"errors": [error_of(error) for error in errors]}


def summary(told: Import) -> dict[str, Any]:
    """The same without them."""
    return {
        "id": str(told.id),
        "state": told.state,
        "reason": told.reason,
        "mode": told.mode,
        "dry_run": told.dry_run,
        "format": told.format,
        "name": told.name,
        "key": str(told.key_id) if told.key_id else None,
        "created_at": timestamp(told.created_at),
        "finished_at": timestamp(told.finished_at) if told.finished_at else None,
        "line": told.line,
        "bytes": told.bytes_read,
        "rows": {
            "created": told.created,
            "updated": told.updated,
            "unchanged": told.unchanged,
            "refused": told.refused,
        },
        "topics_created": list(told.topics),
        "error_count": told.errors,
        "errors_url": f"/v1/imports/{told.id}/errors",
    }


def progress_line(told: Import, progress: Progress) -> bytes:
    """How far an import has come, as a line of JSON."""
    said = {
        "id": str(told.id),
        "state": "running",
        "line": progress.line,
        "bytes": progress.bytes_read,
        "rows": vars(progress.counts),
    }
    return render(said) + b"\n"


def error_of(error: RowError) -> dict[str, Any]:
    """One thing wrong with a row."""
    return {"line": error.line, "pointer": error.pointer, "column": error.column, "detail": error.detail}


def error_lines(errors: Iterable[RowError]) -> bytes:
    """Errors as lines of JSON."""
    return b"".join(render(error_of(error)) + b"\n" for error in errors)
