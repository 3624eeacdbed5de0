"""API keys: their form and checksum."""

from service.ids import is_well_formed, new_key


def test_only_generated_keys_are_well_formed() -> None:
    key = new_key()
    altered = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert (len(key), key[:4], is_well_formed(key)) == (40, "ptk_", True)
    assert not any(is_well_formed(text) for text in ("", "ptk_", altered, key + "0", key[1:], f" {key}", "x" * 40))
    assert new_key() != key
