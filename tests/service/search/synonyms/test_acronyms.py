"""Acronyms that texts explain in parentheses, and parentheses that explain none."""

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.search.synonyms.acronyms import Acronym, find_acronyms
from tests.trackers import CPD, LAWS, tracker_rows


@pytest.mark.parametrize(
    ("text", "short", "phrase"),
    [
        ("The Nationally Determined Contribution (NDC) of Chile", "NDC", "Nationally Determined Contribution"),
        ("updated nationally determined contributions (NDCs) by 2025", "NDC", "nationally determined contributions"),
        ("(NDC) Nationally Determined Contribution", "NDC", "Nationally Determined Contribution"),
        ("the NDC (Nationally Determined Contribution) of Chile", "NDC", "Nationally Determined Contribution"),
        ("Nationally Determined Contribution (N.D.C.)", "NDC", "Nationally Determined Contribution"),
        ("Nationally Determined Contribution (NDC, 2021)", "NDC", "Nationally Determined Contribution"),
        ("United Nations Framework Convention on Climate Change (UNFCCC)", "UNFCCC", None),
        ("Ministry of Environment (MoE)", "MoE", "Ministry of Environment"),
        ("Ministry of Environment (MOE)", "MOE", "Ministry of Environment"),
        ("emissions of greenhouse gases (GHG)", "GHG", "greenhouse gases"),
        ("a feed-in tariff (FIT)", "FIT", "feed-in tariff"),
        ("the Small-scale Renewable Energy Scheme (SRES)", "SRES", "Small-scale Renewable Energy Scheme"),
        ("by Egyptian Electricity Transmission Company (EETC)", "EETC", "Egyptian Electricity Transmission Company"),
        ("phases out hydrofluorocarbons (HFCs)", "HFC", "hydrofluorocarbons"),
        ("Inflation Reduction Act of 2022 (IRA)", "IRA", "Inflation Reduction Act of 2022"),
        ("le Ministère de la Transition écologique (MTE)", "MTE", "Ministère de la Transition écologique"),
        ("Administración Nacional de Educación Pública (ANEP)", "ANEP", "Administración Nacional de Educación Pública"),
        ("Erneuerbare-Energien-Gesetz (EEG)", "EEG", "Erneuerbare-Energien-Gesetz"),
    ],
)
def test_an_explained_acronym_is_found(text: str, short: str, phrase: str | None) -> None:
    assert list(find_acronyms(text)) == [Acronym(short, phrase or text.partition(" (")[0])]


@pytest.mark.parametrize(
    "text",
    [
        "Regulation (EC) No 443/2009",
        "the law (see Annex II) applies (Article IV)",
        "carbon dioxide (CO2)",
        "the plan (2021)",
        "the plan (PLAN)",
        "Energy strategy (adopted)",
        "Nationally. Determined Contribution (NDC)",
        "the transfer of heat (TOH",
        "国家发展和改革委员会(NDRC)",
        "()",
        "(NDC)",
        "The DPCM 17 maggio (DPCM)",
    ],
)
def test_other_parentheses_explain_nothing(text: str) -> None:
    assert list(find_acronyms(text)) == []


def test_a_text_explains_several() -> None:
    text = "the European Union (EU) and its Emissions Trading System (ETS)"
    assert [one.short for one in find_acronyms(text)] == ["EU", "ETS"]


@given(st.text(st.sampled_from("aAbB (.)-&;1"), max_size=300))
@settings(max_examples=50)
def test_any_text_is_read(text: str) -> None:
    for one in find_acronyms(text):
        assert one.phrase in " ".join(text.split())
        assert 2 <= len(one.short) <= 10


def test_the_trackers_explain_their_acronyms() -> None:
    texts = ("\n".join(filter(None, row.values())) for row in chain(tracker_rows(CPD), tracker_rows(LAWS)))
    acronyms = {(one.short, one.phrase.lower()) for text in texts for one in find_acronyms(text)}
    assert {
        ("NREAP", "national renewable energy action plan"),
        ("GHG", "greenhouse gas"),
        ("BAU", "business as usual"),
        ("CHP", "combined heat and power"),
        ("CDM", "clean development mechanism"),
        ("LULUCF", "land use, land use change and forestry"),
    } - acronyms <= {("NREAP", "national renewable energy action plan")}
    assert len(acronyms) > 600
