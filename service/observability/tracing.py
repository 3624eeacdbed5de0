"""The trace that a request belongs to: W3C Trace Context's `traceparent`. It is logged, and will be passed on."""

import os
import re

HEADER = "traceparent"

#: Version, trace, parent, flags; a version to come may say more behind. No id may be all zeros.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?\Z")


def trace_id(traceparent: str | None) -> str:
    """The 32 hex digits of the trace in `traceparent`; new ones where it names none, or is malformed."""
    found = _TRACEPARENT.match(traceparent) if traceparent else None
    if found and (found[2] is None or not found[0].startswith("00")):
        return found[1]
    return os.urandom(16).hex()
