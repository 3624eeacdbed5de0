"""What one version of an event says differently from another, as a JSON Patch (RFC 6902)."""

from typing import Any

import jsonpatch
import orjson

from service.events.normalize import Record

#: What differs between any two versions and tells nothing of the event; who changed it, when and why is told beside.
BOOKKEEPING = frozenset({"version", "updated_at", "content_changed_at", "change"})


def comparable(document: bytes) -> Record:
    """The record in `document` without its bookkeeping."""
    record: Record = orjson.loads(document)
    return {name: value for name, value in record.items() if name not in BOOKKEEPING}


def changed_fields(before: Record, after: Record) -> list[str]:
    """The top-level fields by which two versions of one event differ, in order; bookkeeping aside."""
    return sorted(name for name in after if name not in BOOKKEEPING and after[name] != before.get(name))


def patch_between(before: Record | None, after: Record | None) -> list[dict[str, Any]]:
    """The operations that turn `before` into `after`, always the same for the same two.

    None stands for no record, before it was made or after it was deleted: one operation replaces the whole.
    """
    if before is None or after is None:
        return [] if before is after else [{"op": "replace", "path": "", "value": after}]
    operations: list[dict[str, Any]] = jsonpatch.make_patch(before, after).patch
    return operations
