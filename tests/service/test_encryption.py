"""Secrets, encrypted with any of several keys."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.encryption import CannotDecrypt, decrypt, encrypt, parse_keys

SOME, OTHER = UUID(int=1).bytes, UUID(int=2).bytes


@given(st.binary(max_size=32), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3))
def test_any_of_the_keys_decrypts_a_secret_and_the_ciphertext_hides_it(secret: bytes, keys: list[bytes]) -> None:
    ciphertext = encrypt(secret, keys, SOME)
    assert decrypt(ciphertext, [b"another", *keys], SOME) == secret
    assert len(secret) < 4 or secret not in ciphertext
    assert encrypt(secret, keys, SOME) != ciphertext


def test_a_changed_ciphertext_or_another_owner_cannot_be_decrypted() -> None:
    ciphertext = encrypt(b"s" * 32, [b"key"], SOME)
    changed = [
        ciphertext[:position] + bytes([ciphertext[position] ^ 1]) + ciphertext[position + 1 :]
        for position in range(1, len(ciphertext))
    ]
    for stored, keys, owner in [(ciphertext, [b"yek"], SOME), (ciphertext, [], SOME), (ciphertext, [b"key"], OTHER)] + [
        (one, [b"key"], SOME) for one in changed
    ]:
        with pytest.raises(CannotDecrypt):
            decrypt(stored, keys, owner)


def test_secrets_without_a_key_stay_readable_once_a_key_is_set() -> None:
    ciphertext = encrypt(b"s" * 32, [], SOME)
    assert decrypt(ciphertext, parse_keys(" a , b "), SOME) == b"s" * 32
    assert parse_keys(" a , b ,") == [b"a", b"b"]
    assert parse_keys("") == []
