"""Names and words without case and accents."""

from service.search.suggest.normalize import fold_name, name_words, prefix_query, spelled_words
from service.store.search.tsquery import TsQuery


def test_names_are_folded_word_by_word() -> None:
    assert fold_name("  Ministère de l'Économie ") == "ministere de l economie"
    assert name_words("経済産業省 METI") == ["経済産業省", "meti", "済産業省", "産業省", "業省", "省"]
    assert prefix_query("EU\u2013Japan: D'").render() == "('eu':* & 'japan':* & 'd':*)"
    assert prefix_query("!?") == TsQuery()
    assert list(spelled_words("Förderung der E-Mobilität 2024 が 電池電池")) == [
        ("förderung", "forderung"),
        ("der", "der"),
        ("mobilität", "mobilitat"),
    ]
