"""Patches of JSON documents: JSON Merge Patch (RFC 7396) and JSON Patch (RFC 6902)."""

from typing import Any

import jsonpatch
import jsonpointer
import orjson

from service.errors import BodyTooLarge, Conflict, Fault, Invalid
from service.strict_json import JsonLimits, is_deeper_than, render

#: Operations of a JSON Patch at most.
MOST_OPERATIONS = 1_000
#: Bytes of JSON that the `copy` operations of a patch may add in sum. The others add at most the bytes of the body.
MOST_COPIED = 262_144
#: Characters of a path that an error quotes.
_QUOTED = 100

_DEFAULT_LIMITS = JsonLimits()


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


def json_patch(target: Any, patch: Any, limits: JsonLimits = _DEFAULT_LIMITS) -> Any:
    """Return `target`, which stays as it is, with all operations of `patch` applied.

    Invalid with a pointer to an operation that is malformed or whose path does not exist, and for a result that is
    nested deeper than a body may be; Conflict if a `test` fails; BodyTooLarge if copies add more than MOST_COPIED.
    """
    if not isinstance(patch, list) or len(patch) > MOST_OPERATIONS:
        raise Invalid(f"Send a JSON Patch as a list of at most {MOST_OPERATIONS} operations.")
    # One copy for all operations: each changes it in place, which takes no longer for a large document.
    result = orjson.loads(render(target))
    copied = 0
    for index, operation in enumerate(patch):
        pointer = f"#/{index}"
        _require_shallow(operation, limits, pointer)
        copied += _copied_bytes(result, operation, pointer)
        if copied > MOST_COPIED:
            raise BodyTooLarge.at(f"The copies of the patch add more than {MOST_COPIED} bytes.", pointer=pointer)
        result = _apply(result, operation, pointer)
    if is_deeper_than(limits.nesting, result):
        raise Invalid(f"The patch nests the document more than {limits.nesting} levels deep.")
    return result


def _require_shallow(operation: Any, limits: JsonLimits, pointer: str) -> None:
    """Refuse paths that no document has: following one takes time for each of its steps."""
    paths = [operation.get(name) for name in ("path", "from")] if isinstance(operation, dict) else []
    if any(isinstance(path, str) and path.count("/") > limits.nesting for path in paths):
        raise Invalid.at(f"The path has more than {limits.nesting} steps.", pointer=pointer)


def _copied_bytes(target: Any, operation: Any, pointer: str) -> int:
    """Return the size of the value that `operation` copies; 0 for other operations and for those that will fail."""
    source = operation.get("from") if isinstance(operation, dict) and operation.get("op") == "copy" else None
    if not isinstance(source, str):
        return 0
    try:
        value = jsonpointer.resolve_pointer(target, source, None)
    except (jsonpointer.JsonPointerException, TypeError):
        return 0
    try:
        return len(render(value))
    except TypeError as error:  # orjson's, beyond 254 levels or 64 bits
        raise _inapplicable(operation, error, pointer) from error


def _apply(target: Any, operation: Any, pointer: str) -> Any:
    try:
        return jsonpatch.JsonPatch([operation]).apply(target, in_place=True)
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
        RecursionError,
    ) as error:
        raise _inapplicable(operation, error, pointer) from error


def _inapplicable(operation: Any, error: Exception, pointer: str) -> Invalid:
    detail = f"{_path(operation)} cannot be changed: {str(error)[:_QUOTED]}."
    return Invalid("The JSON Patch cannot be applied.", [Fault(detail, pointer=pointer)])


def _path(operation: Any) -> str:
    path = operation.get("path") if isinstance(operation, dict) else None
    return f'"{path[:_QUOTED]}"' if isinstance(path, str) else "The operation"
