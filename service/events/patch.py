"""Patches of JSON documents: JSON Merge Patch (RFC 7396) and JSON Patch (RFC 6902)."""

from typing import Any

import jsonpatch
import jsonpointer

from service.errors import BodyTooLarge, Conflict, Fault, Invalid
from service.strict_json import render

#: Operations of a JSON Patch at most.
MOST_OPERATIONS = 1_000
#: Bytes of a document between two operations at most: each `copy` can double it.
LARGEST = 4_194_304


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` with `patch` applied: null removes a member, an object is merged, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def json_patch(target: Any, patch: Any) -> Any:
    """Return `target` with all operations of `patch` applied.

    Invalid with a pointer to an operation that is malformed or whose path does not exist; Conflict if a `test` fails.
    """
    if not isinstance(patch, list) or len(patch) > MOST_OPERATIONS:
        raise Invalid(f"Send a JSON Patch as a list of at most {MOST_OPERATIONS} operations.")
    for index, operation in enumerate(patch):
        target = _apply(target, operation, f"#/{index}")
        if isinstance(operation, dict) and operation.get("op") == "copy" and len(render(target)) > LARGEST:
            raise BodyTooLarge(f"Operation {index} makes the document larger than {LARGEST} bytes.")
    return target


def _apply(target: Any, operation: Any, pointer: str) -> Any:
    try:
        return jsonpatch.JsonPatch([operation]).apply(target, in_place=False)
    except jsonpatch.JsonPatchTestFailed as error:
        raise Conflict.at(
            f"The test of {_path(operation)} failed: the document has another value there.", pointer=pointer
        ) from error
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        detail = f"{_path(operation)} cannot be changed: {error}."
        raise Invalid("The JSON Patch cannot be applied.", [Fault(detail, pointer=pointer)]) from error


def _path(operation: Any) -> str:
    path = operation.get("path") if isinstance(operation, dict) else None
    return f'"{path}"' if isinstance(path, str) else "The operation"
