"""Examples of imports: rows and reports."""

from collections.abc import Callable
from typing import Any

import orjson

_IMPORT_ID = "018e9a2c-6a00-7000-8000-000000000003"
_KEY_ID = "018e9a2c-6a00-7000-8000-00000000000a"

#: The path argument.
ARGUMENTS = {"import_id": _IMPORT_ID}

_ROW: dict[str, Any] = {
    "external_ids": [{"scheme": "our-tracker", "value": "43"}],
    "title": "Battery regulation",
    "event_type": "legislation",
    "participants": [{"name": "European Union", "role": "party", "jurisdiction": "EU"}],
    "sources": [{"type": "legal_text", "url": "https://example.org/battery-regulation"}],
}

_TABLE = """\
external_ids,title,event_type,parties,party_jurisdictions,source_type,source_url
our-tracker:43,Battery regulation,legislation,European Union,EU,legal_text,https://example.org/battery-regulation
"""

#: The request bodies by format.
BODIES = {"ndjson": orjson.dumps(_ROW).decode() + "\n", "csv": _TABLE}


def _summary() -> dict[str, Any]:
    return {
        "id": _IMPORT_ID,
        "state": "done",
        "reason": None,
        "mode": "partial",
        "dry_run": False,
        "format": "ndjson",
        "name": None,
        "key": _KEY_ID,
        "created_at": "2024-04-02T09:30:00.000000Z",
        "finished_at": "2024-04-02T09:30:04.100000Z",
        "line": 10_000,
        "bytes": 9_876_543,
        "rows": {"created": 9_000, "updated": 20, "unchanged": 979, "refused": 1},
        "topics_created": [],
        "error_count": 1,
        "errors_url": f"/v1/imports/{_IMPORT_ID}/errors",
    }


def _import() -> dict[str, Any]:
    wrong = 'Must be an ISO 3166 code such as US or US-CA, EU or XK. Did you mean "GB"?'
    errors = [{"line": 17, "pointer": "#/participants/0/jurisdiction", "column": None, "detail": wrong}]
    return _summary() | {"errors": errors}


#: The response bodies, by the name of their schema.
RESPONSES: dict[str, Callable[[], Any]] = {
    "Import": _import,
    "ImportSummaryPage": lambda: {"items": [_summary()], "next": None},
}
