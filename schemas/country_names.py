"""Countries by their English names and codes, however a person or a statistical office writes them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import pycountry

from schemas.codes import ADDED_JURISDICTIONS, former_code, former_jurisdictions, jurisdictions, subdivisions

#: Codes beside those of ISO 3166-1 that people and statistical offices use.
_OTHER_CODES = {
    "UK": "GB",
    "EL": "GR",
    **dict.fromkeys(("EUR", "EUU", "EUE", "EU27", "EU28", "EU-27", "EU-28"), "EU"),
    **dict.fromkeys(("XKX", "UNK", "KSV", "KOS", "XKO"), "XK"),
}

#: Names beside those of pycountry: colloquial and former ones, and those of the United Nations, the World Bank, the
#: Monetary Fund, the OECD and Natural Earth where `country_words` does not make them equal.
_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "AE": ("UAE", "Emirates"),
    "AF": ("Islamic State of Afghanistan",),
    "AG": ("Antigua", "Antigua and Barb."),
    "AI": ("Anguilla, United Kingdom-British Overseas Territory",),
    "AW": ("Aruba, Kingdom of the Netherlands",),
    "AX": ("Åland",),
    "BA": ("Bosnia", "Bosnia and Herz.", "B&H"),
    "BF": ("Burkina",),
    "BL": ("St. Barths",),
    "BN": ("Brunei",),
    "BQ": ("Caribbean Netherlands", "Bonaire"),
    "CC": ("Cocos Islands", "Keeling Islands"),
    "CD": ("DR Congo", "DRC", "Congo-Kinshasa", "Congo (Kinshasa)"),
    "CF": ("CAR",),
    "CG": ("Congo-Brazzaville", "Congo (Brazzaville)"),
    "CI": ("Ivory Coast", "Cote d Ivoire"),
    "CN": ("PRC", "PR China", "Mainland China", "China (Mainland)", "China, PR: Mainland"),
    "CV": ("Cape Verde", "Cape Verde Islands"),
    "CW": ("Curaçao, Kingdom of the Netherlands",),
    "EU": (
        "EU",
        "European Union (27)",
        "European Union (28)",
        "European Union (27 countries)",
        "European Union (28 countries)",
        "European Union - 27 countries (from 2020)",
        "European Community",
        "European Communities",
        "Europe",
    ),
    "FK": ("Falkland Islands", "Malvinas", "Islas Malvinas"),
    "FM": ("Micronesia",),
    "FO": ("Faeroe Islands", "Faroe", "Faroes"),
    "GB": ("Great Britain", "Britain", "United Kingdom of Great Britain"),
    "GM": ("Islamic Republic of the Gambia",),
    "HK": ("Hong Kong SAR", "Hong Kong (China)", "China, PR: Hong Kong"),
    "HM": ("Heard and McDonald Islands",),
    "IE": ("Eire",),
    "KN": ("St. Kitts",),
    "KP": ("Dem. Rep. Korea", "DPRK", "DPR Korea"),
    "KR": ("Korea", "ROK"),
    "LA": ("Lao",),
    "LY": ("Libyan Arab Jamahiriya",),
    "MF": ("Saint Martin",),
    "MK": ("Macedonia", "FYROM", "The former Yugoslav Republic of Macedonia"),
    "MM": ("Burma", "Republic of the Union of Myanmar", "Union of Myanmar", "Myanmar (Burma)"),
    "MO": ("Macau", "Macao SAR", "Macau SAR", "Macau SAR, China", "Macao (China)", "China, PR: Macao"),
    "MS": ("Montserrat, United Kingdom-British Overseas Territory",),
    "NL": ("Holland",),
    "PN": ("Pitcairn Islands",),
    "PR": ("Puerto Rico (US)",),
    "PS": (
        "Palestine",
        "West Bank and Gaza",
        "Occupied Palestinian Territory",
        "Palestinian Territories",
        "Gaza Strip",
    ),
    "RE": ("La Réunion", "Reunion Island"),
    "RU": ("Russia",),
    "SH": ("Saint Helena",),
    "SJ": ("Svalbard", "Svalbard and Jan Mayen Islands"),
    "ST": ("Sao Tome", "São Tomé e Príncipe"),
    "SX": ("Sint Maarten", "St. Maarten", "Sint Maarten, Kingdom of the Netherlands"),
    "SZ": ("Swaziland",),
    "TC": ("Turks and Caicos",),
    "TF": ("Fr. S. Antarctic Lands", "French Southern and Antarctic Lands"),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "TT": ("Trinidad",),
    "TW": ("Chinese Taipei", "Taiwan, China", "Republic of China", "Taiwan, Republic of China", "Taiwan, ROC"),
    "US": ("America",),
    "VA": ("Holy See", "Vatican", "Vatican City", "Vatican City State", "Holy See (Vatican City)"),
    "VC": ("St. Vincent", "St. Vin. and Gren."),
    "VE": ("Venezuela, RB", "Venezuela, Rep. Bolivariana de"),
    "VG": ("Virgin Islands (UK)",),
    "WF": ("Wallis and Futuna Islands",),
    "XK": ("Kosovo (under UNSC Resolution 1244)", "Kosovo (under UNSCR 1244)"),
}

#: Names of former countries beside those of ISO 3166-3, by their codes of four letters.
_FORMER_NAMES: dict[str, tuple[str, ...]] = {
    "ANHH": ("Dutch Antilles",),
    "CSHH": ("Czechoslovakia", "Czecho-Slovakia", "Czechoslovak Socialist Republic"),
    "CSXX": ("Yugoslavia, Fed. Rep.", "Federal Republic of Yugoslavia", "Serbia/Montenegro"),
    "DDDE": ("East Germany", "Germany, East", "GDR"),
    "HVBF": ("Upper Volta",),
    "SUHH": ("Soviet Union", "USSR", "Union of Soviet Socialist Republics"),
    "YDYE": ("South Yemen", "Yemen, South", "People's Democratic Republic of Yemen"),
    "YUCS": ("Yugoslavia", "Socialist Federal Republic of Yugoslavia", "SFR Yugoslavia"),
    "ZRCD": ("Zaire",),
}

#: Words that names leave out or keep without a difference in meaning.
FILLERS = frozenset({"the", "of", "and"})
#: The form of a state, which a name may add: "Republic of Romania". Not "State of", which Georgia in the US is, too.
_STATE_FORMS = frozenset({"republic", "kingdom", "commonwealth"})
#: Words by their abbreviations in names of countries.
_ABBREVIATIONS = {
    "st": "saint",
    "ste": "saint",
    "rep": "republic",
    "dem": "democratic",
    **dict.fromkeys(("fed", "federal", "federation"), "federated"),
    "sts": "states",
    "ppl": "peoples",
    **dict.fromkeys(("is", "isl", "island"), "islands"),
    "ter": "territory",
    "eq": "equatorial",
    "fr": "french",
    "br": "british",
    **dict.fromkeys(("n", "northern"), "north"),
    **dict.fromkeys(("s", "southern"), "south"),
    "w": "western",
    "u": "united",
    "us": "united states",
    "usa": "united states america",
    "uk": "united kingdom",
    "sar": "special administrative region",
    "pdr": "peoples democratic republic",
    "fyr": "former yugoslav republic",
}
_APOSTROPHES = re.compile("['\u2018\u2019\u201a\u201b\u02b9-\u02bd\u02c8\u00b4\u0060\u2032\u2035\uff07]")
_FOOTNOTES = re.compile(r"[\u00b2\u00b3\u00b9\u2070-\u2079]|\[(?:[0-9]{1,2}|[a-z])\]")
#: Letters with dots, as in U.S.A. or D.R. Congo.
_INITIALS = re.compile(r"\b\w\.(?:\s?\w\b\.?)+")
#: Letters that have no decomposition in Unicode.
_LETTERS = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})  # noqa: RUF001 (Turkish)


@lru_cache(maxsize=4096)  # trackers repeat a few names, clients their mistakes
def find_jurisdiction(text: str) -> str | None:
    """Return the jurisdiction for a code, an English name in any usual spelling, or a common mistake; or None."""
    return _by_code().get(text.strip().upper()) or find_by_name(text)


def find_by_name(text: str) -> str | None:
    """Return the jurisdiction for an English name in any usual spelling, or None. `UK` is a name, `GB` is none."""
    words = country_words(text)
    without_form = tuple(word for word in words if word not in _STATE_FORMS)
    return _by_words().get(words) or _by_words().get(without_form)


@cache
def english_names() -> dict[str, list[str]]:
    """Return the English names of present countries and unions by code: official, common and colloquial ones."""
    names: dict[str, list[str]] = {}
    for code, name in _names():
        names.setdefault(code, []).append(name)
    return names


def country_words(name: str) -> tuple[str, ...]:
    """Return the words of `name` in one spelling and order: "Iran (Islamic Rep.)" is "Islamic Republic of Iran"."""
    plain = _FOOTNOTES.sub("", _APOSTROPHES.sub("", name))
    plain = unicodedata.normalize("NFKD", plain).casefold().translate(_LETTERS)
    plain = "".join(one for one in plain if unicodedata.category(one) not in {"Mn", "Cf"})
    plain = _INITIALS.sub(lambda initials: re.sub(r"[.\s]", "", initials[0]), plain)
    full = " ".join(_ABBREVIATIONS.get(word, word) for word in re.findall(r"\w+", plain))
    return tuple(sorted(word for word in full.split() if word not in FILLERS))


@cache
def _by_code() -> dict[str, str]:
    codes = {code: code for code in jurisdictions()}
    for country in pycountry.countries:
        codes |= dict.fromkeys((country.alpha_3, country.numeric, country.flag), country.alpha_2)
    former = {code: code for code in former_jurisdictions()} | {
        code: former_code(country.alpha_4)
        for country in pycountry.historic_countries
        for code in (country.alpha_3, country.alpha_4)
    }
    return {code: code for code in subdivisions()} | former | _OTHER_CODES | codes


@cache
def _by_words() -> dict[tuple[str, ...], str]:
    """Return the codes by the words of names. The words of two countries are never equal (a test checks it)."""
    by_words = {country_words(name): code for code, name in (*_former_names(), *_names())}
    del by_words[()]
    return by_words


def _former_names() -> Iterator[tuple[str, str]]:
    """Yield the code of each former country with each of its names. A present country can have the same name."""
    for country in pycountry.historic_countries:
        for name in (country.name, *_FORMER_NAMES.get(country.alpha_4, ())):
            yield former_code(country.alpha_4), name


def _names() -> Iterator[tuple[str, str]]:
    """Yield each code with each of its names."""
    for country in pycountry.countries:
        for field in ("name", "common_name", "official_name"):
            yield country.alpha_2, getattr(country, field, "")
    yield from ADDED_JURISDICTIONS.items()
    for code, names in _OTHER_NAMES.items():
        yield from ((code, name) for name in names)
