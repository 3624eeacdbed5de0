"""Secrets, encrypted with any of several keys."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.encryption import CannotDecrypt, decrypt, encrypt, parse_keys

SOME, OTHER = UUID(int=1).bytes, UUID(int=2).bytes


@given(st.binary(max_size=32), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3))
def test_any_of_the_keys_decrypts_a_secret_and_the_ciphertext_hides_it(secret: bytes, keys: list[bytes]) -> None:
    kept = encrypt(secret, keys, SOME)
    assert decrypt(kept, [b"another", *keys], SOME) == secret
    assert len(secret) < 4 or secret not in kept
    assert encrypt(secret, keys, SOME) != kept


def test_a_changed_ciphertext_or_another_owner_cannot_be_decrypted() -> None:
    kept = encrypt(b"s" * 32, [b"key"], SOME)
    changed = [kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :] for place in range(1, len(kept))]
    for bad, keys, belongs_to in [(kept, [b"yek"], SOME), (kept, [], SOME), (kept, [b"key"], OTHER)] + [
        (one, [b"key"], SOME) for one in changed
    ]:
        with pytest.raises(CannotDecrypt):
            decrypt(bad, keys, belongs_to)


def test_secrets_without_a_key_stay_readable_once_a_key_is_set() -> None:
    kept = encrypt(b"s" * 32, [], SOME)
    assert decrypt(kept, parse_keys(" a , b "), SOME) == b"s" * 32
    assert parse_keys(" a , b ,") == [b"a", b"b"]
    assert parse_keys("") == []
