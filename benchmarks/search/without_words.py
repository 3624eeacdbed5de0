"""The service as it would be without finding words: what is written is not analysed, and no words are kept."""

from typing import Any
from unittest.mock import patch

from service.store.events import records
from service.store.search.documents import INSERT_DOCUMENTS


def _nothing(*_: Any) -> None:
    """What keeping no words comes to."""


patch("service.events.write.search_document", _nothing).start()
patch("service.store.events.records._INSERT", records._INSERT.replace(f"{INSERT_DOCUMENTS}, ", "")).start()  # noqa: SLF001 (to take it out)

from service.wsgi import app  # noqa: E402 (what it is made of is changed before)

__all__ = ["app"]
