"""The service without full-text search: text is not analysed, and no search rows are written."""

from typing import Any
from unittest.mock import patch

from service.store.events import records
from service.store.search.documents import INSERT_DOCUMENTS


def _nothing(*_: Any) -> None:
    """Return no search row."""


patch("service.events.write.search_document", _nothing).start()
patch("service.store.events.records._INSERT", records._INSERT.replace(f"{INSERT_DOCUMENTS}, ", "")).start()  # noqa: SLF001 (to take it out)

from service.wsgi import app  # noqa: E402 (its parts are patched before)

__all__ = ["app"]
