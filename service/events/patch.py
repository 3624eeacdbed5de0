"""Documents changed by patches: JSON Merge Patch (RFC 7396) and JSON Patch (RFC 6902)."""

from typing import Any

import jsonpatch
import jsonpointer

from service.errors import BodyTooLarge, Conflict, Fault, Invalid
from service.strict_json import render

#: Operations of a JSON Patch at most, and bytes that a document may come to on the way: `copy` can double it.
MOST_OPERATIONS = 1_000
LARGEST = 4_194_304


def merge_patch(target: Any, patch: Any) -> Any:
    """`target` changed as `patch` says: null takes a member away, an object is merged, anything else replaces."""
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
    """`target` changed by the operations in `patch`, all or none.

    Invalid, with a pointer to the operation, where one is malformed or its path leads nowhere; Conflict where a `test`
    fails.
    """
    if not isinstance(patch, list) or len(patch) > MOST_OPERATIONS:
        raise Invalid(f"A JSON Patch is a list of at most {MOST_OPERATIONS} operations.")
    for index, operation in enumerate(patch):
        target = _applied(target, operation, f"#/{index}")
        if isinstance(operation, dict) and operation.get("op") == "copy" and len(render(target)) > LARGEST:
            raise BodyTooLarge(f"Operation {index} makes the document larger than {LARGEST} bytes.")
    return target


def _applied(target: Any, operation: Any, pointer: str) -> Any:
    try:
        return jsonpatch.JsonPatch([operation]).apply(target, in_place=False)
    except jsonpatch.JsonPatchTestFailed as error:
        raise Conflict.at(
            f"The test of {_path(operation)} failed: the document holds another value there.", pointer=pointer
        ) from error
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        detail = f"{_path(operation)} cannot be changed so: {error}."
        raise Invalid("The JSON Patch cannot be applied.", [Fault(detail, pointer=pointer)]) from error


def _path(operation: Any) -> str:
    path = operation.get("path") if isinstance(operation, dict) else None
    return f'"{path}"' if isinstance(path, str) else "The operation"
