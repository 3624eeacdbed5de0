"""Variants of English words: spellings that are one, and words that are joined or apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search.text.variants import joined_word, joined_words, spelling_of


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("programme", "program"), ("programmes", "programs"), ("labour", "labor"), ("colourful", "colorful"),
        ("neighbouring", "neighboring"), ("behavioural", "behavioral"), ("organise", "organize"),
        ("organisations", "organizations"), ("decarbonising", "decarbonizing"), ("prioritised", "prioritized"),
        ("fertiliser", "fertilizer"), ("incentivise", "incentivize"), ("summarises", "summarizes"),
        ("recognisable", "recognizable"), ("visualisation", "visualization"), ("centre", "center"),
        ("kilometres", "kilometers"), ("fibre", "fiber"), ("catalogue", "catalog"), ("dialogues", "dialogs"),
        ("defence", "defense"), ("licence", "license"), ("licences", "licenses"), ("ageing", "aging"),
        ("grey", "gray"), ("tyres", "tires"), ("aluminium", "aluminum"), ("sulphur", "sulfur"), ("analyse", "analyze"),
        ("analysing", "analyzing"), ("paediatric", "pediatric"), ("foetal", "fetal"), ("enquiry", "inquiry"),
        ("fulfilment", "fulfillment"), ("manoeuvre", "maneuver"), ("archaeological", "archeological"),
    ],
)  # fmt: skip
def test_british_and_american_spellings_are_one(british: str, american: str) -> None:
    assert spelling_of(british) == spelling_of(american)


@pytest.mark.parametrize(
    "word",
    [
        "four", "hour", "tour", "our", "source", "contour", "flour", "court", "journal", "tourism", "rise", "arising",
        "precise", "exercise", "expertise", "enterprise", "promised", "advertising", "advise", "supervises", "noise",
        "likewise", "franchise", "premises", "crises", "wise", "practice", "acre", "genre", "reduce", "fence",
        "analysis", "poem", "raised", "disable", "comprising", "compromise", "merchandise", "improvised",
        "improvisation",
        "licensed",
        "metric", "center", "labor", "curb", "kerb", "check", "cheque", "storey", "metre",
    ],
)  # fmt: skip
def test_other_words_keep_their_spelling(word: str) -> None:
    assert spelling_of(word) == word


@given(st.text(st.sampled_from("abcdeilmnorstuyz"), max_size=14))
def test_a_spelling_has_itself_as_spelling(word: str) -> None:
    assert spelling_of(spelling_of(word)) == spelling_of(word)


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        ("phase out", "phaseout"), ("phasing out", "phaseout"), ("phased out", "phaseout"), ("phase outs", "phaseouts"),
        ("rolling out", "rollout"), ("shutting down", "shutdown"), ("paid out", "payout"),
        ("co operation", "cooperation"),
        ("anti dumping", "antidumping"), ("bio diversity", "biodiversity"), ("waste water", "wastewater"),
        ("green houses", "greenhouses"), ("e mail", "email"), ("policy makers", "policymakers"),
        ("off shore", "offshore"),
    ],
)  # fmt: skip
def test_two_words_are_also_one(words: str, joined: str) -> None:
    assert joined_word(*words.split()) == joined


@pytest.mark.parametrize("words", ["over there", "house green", "phase in", "co op", "non eu", "co 2", "white house"])
def test_other_words_are_two(words: str) -> None:
    assert joined_word(*words.split()) is None


def test_the_joined_words_of_a_text_have_their_places() -> None:
    assert list(joined_words(["the", "coal", "phase", "out", "and", "co", "operation", "on", "waste", "water"])) == [
        (2, "phaseout"),
        (5, "cooperation"),
        (8, "wastewater"),
    ]
