"""The service without full-text search: text is not analysed, and no search rows are written."""

from typing import Any
from unittest.mock import patch

from service.store.events import records


def _nothing(*_: Any) -> None:
    """Return no search row."""


patch("service.events.write.search_document", _nothing).start()
patch("service.store.events.records._INSERT", records._insert_statement("")).start()  # noqa: SLF001 (to leave it out)

from service.wsgi import app  # noqa: E402 (its parts are patched before)

__all__ = ["app"]
