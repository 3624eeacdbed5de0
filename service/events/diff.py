"""The difference between two versions of an event, as a JSON Patch (RFC 6902)."""

from typing import Any

import jsonpatch
import orjson

from service.events.normalize import Record

#: Fields that differ between any two versions; revisions and the feed report them separately.
BOOKKEEPING = frozenset({"version", "updated_at", "content_changed_at", "change"})


def comparable(document: bytes) -> Record:
    """Return the record in `document` without its bookkeeping."""
    record: Record = orjson.loads(document)
    return {name: value for name, value in record.items() if name not in BOOKKEEPING}


def changed_fields(before: Record, after: Record) -> list[str]:
    """Return the top-level fields in which two versions of one event differ, sorted, without the bookkeeping."""
    return sorted(name for name in after if name not in BOOKKEEPING and after[name] != before.get(name))


def patch_between(before: Record | None, after: Record | None) -> list[dict[str, Any]]:
    """Return the operations that turn `before` into `after`, always the same for the same two.

    None stands for no record, before the creation or after the deletion: one operation replaces the whole.
    """
    if before is None or after is None:
        return [] if before is after else [{"op": "replace", "path": "", "value": after}]
    operations: list[dict[str, Any]] = jsonpatch.make_patch(before, after).patch
    return operations
