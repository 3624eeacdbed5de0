"""The service as it would be without finding words: what is written is not analysed, and no words are kept."""

from typing import Any
from unittest.mock import patch

from service.store import events
from service.store.wordings import ADDED


def _nothing(*_: Any) -> None:
    """What keeping no words comes to."""


patch("service.events.linking.wording_of", _nothing).start()
patch("service.store.events._INSERT", events._INSERT.replace(f"{ADDED}, ", "")).start()  # noqa: SLF001 (to take it out)

from service.wsgi import app  # noqa: E402 (what it is made of is changed before)

__all__ = ["app"]
