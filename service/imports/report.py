"""The report of an import as JSON: the same in the response, at its address and in the command's error file."""

from collections.abc import Iterable
from typing import Any

from service.events.normalize import timestamp
from service.imports.progress import Progress
from service.store.imports import RowError, StoredImport
from service.strict_json import render


def import_report(stored: StoredImport, errors: Iterable[RowError]) -> dict[str, Any]:
    """Return an import with its first errors, as ImportSchema documents it."""
    return import_summary(stored) | {"errors": [_error_document(error) for error in errors]}


def import_summary(stored: StoredImport) -> dict[str, Any]:
    """Return an import without its errors, as ImportSummarySchema documents it."""
    return {
        "id": str(stored.id),
        "state": stored.state,
        "reason": stored.reason,
        "mode": stored.mode,
        "dry_run": stored.dry_run,
        "format": stored.format,
        "name": stored.name,
        "key": str(stored.key_id) if stored.key_id else None,
        "created_at": timestamp(stored.created_at),
        "finished_at": timestamp(stored.finished_at) if stored.finished_at else None,
        "line": stored.line,
        "bytes": stored.bytes_read,
        "rows": {
            "created": stored.created,
            "updated": stored.updated,
            "unchanged": stored.unchanged,
            "refused": stored.refused,
        },
        "topics_created": list(stored.topics),
        "error_count": stored.errors,
        "errors_url": f"/v1/imports/{stored.id}/errors",
    }


def progress_line(stored: StoredImport, progress: Progress) -> bytes:
    """Return the progress of a running import as a line of JSON."""
    document = {
        "id": str(stored.id),
        "state": "running",
        "line": progress.line,
        "bytes": progress.bytes_read,
        "rows": vars(progress.counts),
    }
    return render(document) + b"\n"


def error_lines(errors: Iterable[RowError]) -> bytes:
    """Return errors as lines of JSON."""
    return b"".join(render(_error_document(error)) + b"\n" for error in errors)


def _error_document(error: RowError) -> dict[str, Any]:
    return {"line": error.line, "pointer": error.pointer, "column": error.column, "detail": error.detail}
