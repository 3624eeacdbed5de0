"""The peer's vocabularies are those of the service."""

from typing import get_args

import pytest

from benchmarks.peer import vocabulary as peer
from schemas import vocabulary


@pytest.mark.parametrize("name", [name for name in vars(peer) if get_args(getattr(peer, name))])
def test_the_peer_has_the_words_of_the_service(name: str) -> None:
    assert get_args(getattr(peer, name)) == getattr(vocabulary, name).words()
