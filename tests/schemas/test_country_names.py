"""Countries by their names and codes, in every spelling that trackers and statistical offices use."""

from collections import defaultdict

import pycountry
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.codes import jurisdiction_names
from schemas.country_names import _names, country_words, english_names, find_jurisdiction

steadily = settings(derandomize=True, deadline=None, max_examples=200)

#: Names of the World Bank's country list that ISO 3166-1 writes otherwise.
WORLD_BANK = {
    "Bahamas, The": "BS",
    "Bolivia": "BO",
    "British Virgin Islands": "VG",
    "Congo, Dem. Rep.": "CD",
    "Congo, Rep.": "CG",
    "Cote d'Ivoire": "CI",
    "Curacao": "CW",
    "Czech Republic": "CZ",
    "Egypt, Arab Rep.": "EG",
    "Faeroe Islands": "FO",
    "Gambia, The": "GM",
    "Hong Kong SAR, China": "HK",
    "Iran, Islamic Rep.": "IR",
    "Korea, Dem. People's Rep.": "KP",
    "Korea, Dem. Rep.": "KP",
    "Korea, Rep.": "KR",
    "Kosovo": "XK",
    "Kyrgyz Republic": "KG",
    "Lao PDR": "LA",
    "Macao SAR, China": "MO",
    "Macedonia, FYR": "MK",
    "Micronesia, Fed. Sts.": "FM",
    "Moldova": "MD",
    "Puerto Rico (US)": "PR",
    "Sao Tome and Principe": "ST",
    "Sint Maarten (Dutch part)": "SX",
    "Slovak Republic": "SK",
    "Somalia, Fed. Rep.": "SO",
    "St. Kitts and Nevis": "KN",
    "St. Lucia": "LC",
    "St. Martin (French part)": "MF",
    "St. Vincent and the Grenadines": "VC",
    "Swaziland": "SZ",
    "Syrian Arab Republic": "SY",
    "Taiwan, China": "TW",
    "Tanzania": "TZ",
    "Turkiye": "TR",
    "Venezuela, RB": "VE",
    "Vietnam": "VN",
    "Virgin Islands (U.S.)": "VI",
    "West Bank and Gaza": "PS",
    "Yemen, Rep.": "YE",
}

#: Names of the United Nations (M49 and member states) that ISO 3166-1 writes otherwise.
UNITED_NATIONS = {
    "Bolivia (Plurinational State of)": "BO",
    "British Virgin Islands": "VG",
    "China, Hong Kong Special Administrative Region": "HK",
    "China, Macao SAR": "MO",
    "Côte d\u2019Ivoire": "CI",
    "Democratic People's Republic of Korea": "KP",
    "Democratic Republic of the Congo": "CD",
    "Holy See": "VA",
    "Iran (Islamic Republic of)": "IR",
    "Lao People\u2019s Democratic Republic": "LA",
    "Micronesia (Federated States of)": "FM",
    "Netherlands (Kingdom of the)": "NL",
    "Republic of Korea": "KR",
    "Republic of Moldova": "MD",
    "Saint Helena": "SH",
    "Saint Martin (French Part)": "MF",
    "State of Palestine": "PS",
    "Svalbard and Jan Mayen Islands": "SJ",
    "The former Yugoslav Republic of Macedonia": "MK",
    "Türkiye": "TR",
    "United Kingdom of Great Britain and Northern Ireland": "GB",
    "United Republic of Tanzania": "TZ",
    "United States Virgin Islands": "VI",
    "United States of America": "US",
    "Venezuela (Bolivarian Republic of)": "VE",
    "Wallis and Futuna Islands": "WF",
}

#: Names of the International Monetary Fund's lists that ISO 3166-1 writes otherwise.
MONETARY_FUND = {
    "Afghanistan, Islamic Rep. of": "AF",
    "Afghanistan, Islamic State of": "AF",
    "Anguilla, United Kingdom-British Overseas Territory": "AI",
    "Aruba, Kingdom of the Netherlands": "AW",
    "China, P.R.: Hong Kong": "HK",
    "China, P.R.: Macao": "MO",
    "China, P.R.: Mainland": "CN",
    "Cura\u00e7ao, Kingdom of the Netherlands": "CW",
    "Ethiopia, The Federal Dem. Rep. of": "ET",
    "Montserrat, United Kingdom-British Overseas Territory": "MS",
    "Sint Maarten, Kingdom of the Netherlands": "SX",
    "Timor-Leste, Dem. Rep. of": "TL",
    "Venezuela, Rep. Bolivariana de": "VE",
}

#: Names as trackers, newspapers and maps write them.
WRITTEN_BY_HAND = {
    "São Tomé and Príncipe": "ST",
    "São Tomé & Príncipe": "ST",
    "Cote d\u2019Ivoire": "CI",
    "Cote d\u00b4Ivoire": "CI",
    "Côte d`Ivoire": "CI",
    "Cote d Ivoire": "CI",
    "Ivory Coast": "CI",
    "Trinidad & Tobago": "TT",
    "Antigua & Barbuda": "AG",
    "Bosnia-Herzegovina": "BA",
    "St Kitts & Nevis": "KN",
    "St.Lucia": "LC",
    "Saint Barthelemy": "BL",
    "Saint Vincent/Grenadines": "VC",
    "The Netherlands": "NL",
    "Gambia (Republic of The)": "GM",
    "Dem. Rep. Congo": "CD",
    "D.R. Congo": "CD",
    "Dem. Rep. Korea": "KP",
    "Central African Rep.": "CF",
    "Eq. Guinea": "GQ",
    "S. Sudan": "SS",
    "W. Sahara": "EH",
    "Fr. Polynesia": "PF",
    "Solomon Is.": "SB",
    "N. Mariana Is.": "MP",
    "Korea": "KR",
    "Korea, South": "KR",
    "N. Korea": "KP",
    "U.S.": "US",
    "U. S. A.": "US",
    "US Virgin Islands": "VI",
    "U.K.": "GB",
    "Republic of Romania": "RO",
    "Kosovo*": "XK",
    "Kosovo\u00b9": "XK",
    "Russian Fed.": "RU",
    "TÜRKİYE": "TR",
    "Turki\u0307ye": "TR",
    "Guinea Bissau": "GW",
    "Timor Leste": "TL",
    "Reunion": "RE",
    "Aland Islands": "AX",
    "\ufeffFrance": "FR",
    "Fran\u00adce\u200b": "FR",
    "Viet\u00a0Nam": "VN",
    "European Union - 27 countries (from 2020)": "EU",
    "E.U.": "EU",
    "P.R. China": "CN",
    "PR China": "CN",
    "Holy See (Vatican City)": "VA",
    "Kosovo (under UNSCR 1244)": "XK",
    "Myanmar (Burma)": "MM",
    "Burma/Myanmar": "MM",
    "Peru [1]": "PE",
    "Peru[a]": "PE",
    "Reunion Island": "RE",
    "Turks & Caicos": "TC",
    "Virgin Islands (UK)": "VG",
}


@pytest.mark.parametrize(
    ("name", "code"),
    [pair for names in (WORLD_BANK, UNITED_NATIONS, MONETARY_FUND, WRITTEN_BY_HAND) for pair in names.items()],
)
def test_a_country_is_found_however_its_name_is_written(name: str, code: str) -> None:
    assert find_jurisdiction(name) == code


def _spellings(name: str) -> list[str]:
    """Return `name` as other hands write it."""
    plain = name.translate(str.maketrans("éèôçãíüÅñ", "eeocaiuAn"))
    first, comma, rest = name.partition(", ")
    return [
        name,
        name.upper(),
        name.lower(),
        plain,
        plain.upper(),
        name.replace("'", "\u2019"),
        name.replace(" and ", " & "),
        name.replace("Saint ", "St. "),
        name.replace("Saint ", "St "),
        name.replace("Republic", "Rep.").replace("Democratic", "Dem."),
        name.replace("-", " "),
        name.replace(" ", "  "),
        f"The {name}",
        f"{name} (the)",
        f"{first} ({rest})" if comma else name,
        f"{rest} {first}" if comma else name,
    ]


@pytest.mark.parametrize("field", ["name", "common_name", "official_name"])
def test_every_name_of_iso_3166_1_is_found_in_every_spelling(field: str) -> None:
    names = {getattr(country, field, ""): country.alpha_2 for country in pycountry.countries}
    names.pop("", None)
    missed = [
        (spelling, find_jurisdiction(spelling))
        for name, code in names.items()
        for spelling in _spellings(name)
        if find_jurisdiction(spelling) != code
    ]
    assert not missed


def test_no_two_countries_have_a_name_of_the_same_words() -> None:
    codes = defaultdict(set)
    for code, name in _names():
        codes[country_words(name)].add(code)
    del codes[()]
    assert [words for words, several in codes.items() if len(several) > 1] == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("Soviet Union", "SU"), ("U.S.S.R.", "SU"), ("SUN", "SU"), ("Yugoslavia", "YU"), ("East Germany", "DD")),
        *(("Czechoslovakia", "CSHH"), ("CSK", "CSHH"), ("Serbia & Montenegro", "CSXX"), ("Netherlands Antilles", "AN")),
        *(("East Timor", "TL"), ("Burma", "MM"), ("Vietnam", "VN"), ("us-ca", "US-CA")),
    ],
)
def test_a_former_country_is_found_where_no_present_one_has_its_name(name: str, code: str) -> None:
    assert find_jurisdiction(name) == code


@pytest.mark.parametrize("text", ["Virgin Islands", "Republic", "State of Georgia", "Northern Ireland", "---", "the"])
def test_a_name_of_several_or_no_countries_finds_none(text: str) -> None:
    assert find_jurisdiction(text) is None


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("jp", "JP"),
        (" JP ", "JP"),
        ("JPN", "JP"),
        ("jpn", "JP"),
        ("Japan", "JP"),
        ("japan", "JP"),
        ("392", "JP"),
        ("eu", "EU"),
        ("EUR", "EU"),
        ("EUU", "EU"),
        ("Europe", "EU"),
        ("European Union", "EU"),
        ("european union", "EU"),
        ("UK", "GB"),
        ("United Kingdom", "GB"),
        ("EL", "GR"),
        ("Greece", "GR"),
        ("Kosovo", "XK"),
        ("XKX", "XK"),
        ("Korea, Republic of", "KR"),
        ("South Korea", "KR"),
        ("Taiwan", "TW"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Côte d'Ivoire", "CI"),
        ("United States of America", "US"),
        ("Atlantis", None),
        ("ZZ", None),
        ("", None),
        ("1", None),
    ],
)
def test_codes_and_common_mistakes_find_the_jurisdiction(spelling: str, code: str | None) -> None:
    assert find_jurisdiction(spelling) == code


@steadily
@given(st.text(max_size=100))
@example("\x00")
@example("ǅ")
def test_any_text_finds_a_code_or_none(text: str) -> None:
    assert find_jurisdiction(text) in {*jurisdiction_names(), None}


def test_a_country_has_its_official_common_and_colloquial_names() -> None:
    names = {"United Kingdom", "United Kingdom of Great Britain and Northern Ireland", "Britain"}
    assert names <= set(english_names()["GB"])
    assert all(find_jurisdiction(name) == code for code, names in english_names().items() for name in names if name)
