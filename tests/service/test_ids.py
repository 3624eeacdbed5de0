"""Ids and API keys: their order, form and checksum."""

from uuid import RFC_4122

import pytest

from service import ids
from service.clock import DatabaseClock
from service.ids import is_well_formed, new_key, uuid7


def test_only_generated_keys_are_well_formed() -> None:
    key = new_key()
    altered = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert (len(key), key[:4], is_well_formed(key)) == (40, "ptk_", True)
    assert not any(is_well_formed(text) for text in ("", "ptk_", altered, key + "0", key[1:], f" {key}", "x" * 40))
    assert new_key() != key


def test_ids_keep_their_order_within_a_millisecond_and_after_a_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([1_700_000_000.0, 1_700_000_000.0, 1_699_990_000.0, 1_699_990_000.1, 1_700_000_000.001])
    monkeypatch.setattr(ids, "_latest_tick", 0)
    monkeypatch.setattr(ids, "CLOCK", DatabaseClock(wall=lambda: next(times)))
    made = [uuid7() for _ in range(5)]
    assert made == sorted(made)
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert [one.int >> 80 for one in made] == [1_700_000_000_000] * 4 + [1_700_000_000_001]
