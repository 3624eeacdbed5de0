"""Secrets, encrypted with any of several keys."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.encryption import CannotDecrypt, decrypt, encrypt, parse_keys

SOME, OTHER = UUID(int=1).bytes, UUID(int=2).bytes


@given(st.binary(max_size=32), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3))
def test_a_sealed_secret_is_opened_by_any_of_the_keys_and_looks_like_nothing(secret: bytes, keys: list[bytes]) -> None:
    kept = encrypt(secret, keys, SOME)
    assert decrypt(kept, [b"another", *keys], SOME) == secret
    assert len(secret) < 4 or secret not in kept
    assert encrypt(secret, keys, SOME) != kept


def test_a_sealed_secret_opens_for_nothing_else_and_not_when_it_was_changed() -> None:
    kept = encrypt(b"s" * 32, [b"key"], SOME)
    changed = [kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :] for place in range(1, len(kept))]
    for bad, keys, belongs_to in [(kept, [b"yek"], SOME), (kept, [], SOME), (kept, [b"key"], OTHER)] + [
        (one, [b"key"], SOME) for one in changed
    ]:
        with pytest.raises(CannotDecrypt):
            decrypt(bad, keys, belongs_to)


def test_without_a_key_secrets_are_kept_as_they_are_and_stay_readable_when_one_is_set() -> None:
    kept = encrypt(b"s" * 32, [], SOME)
    assert decrypt(kept, parse_keys(" a , b "), SOME) == b"s" * 32
    assert parse_keys(" a , b ,") == [b"a", b"b"]
    assert parse_keys("") == []
