"""Standard codes: jurisdictions (ISO 3166, parts 1 to 3), currencies (ISO 4217), languages (BCP 47).

A code that its standard has withdrawn stays valid: records keep the facts of their time.
"""

from collections import Counter
from functools import cache, lru_cache

import langcodes
import pycountry

from schemas.withdrawn_currencies import WITHDRAWN_CURRENCIES

#: Jurisdictions without an ISO 3166-1 code of their own; both codes are reserved or user-assigned there.
ADDED_JURISDICTIONS = {"EU": "European Union", "XK": "Kosovo"}


@cache
def jurisdictions() -> dict[str, str]:
    """Return the English names of present countries and unions by code: ISO 3166-1 alpha-2, EU and XK."""
    names = {country.alpha_2: getattr(country, "common_name", country.name) for country in pycountry.countries}
    return dict(sorted((names | ADDED_JURISDICTIONS).items()))


@cache
def former_jurisdictions() -> dict[str, str]:
    """Return the names of former countries by code (ISO 3166-3).

    Each has its code of four letters, and its former one of two letters unless another country has that today. `CS`
    was that of two countries.
    """
    names = dict[str, str]()
    for country in sorted(pycountry.historic_countries, key=lambda country: str(country.withdrawal_date)):
        names[country.alpha_4] = country.name
        if country.alpha_2 not in jurisdictions():
            names[country.alpha_2] = "; ".join(filter(None, (names.get(country.alpha_2), country.name)))
    return dict(sorted(names.items()))


@cache
def former_code(alpha_4: str) -> str:
    """Return the code that a former country's records have: that of two letters if it is the only one with it."""
    shared = Counter(country.alpha_2 for country in pycountry.historic_countries)
    code = alpha_4[:2]
    return code if code in former_jurisdictions() and shared[code] == 1 else alpha_4


@cache
def subdivisions() -> dict[str, str]:
    """Return the names of the states, provinces and regions of countries by code (ISO 3166-2)."""
    return {
        one.code: f"{one.name}, {jurisdictions().get(one.country_code, one.country_code)}"
        for one in pycountry.subdivisions
    }


@cache
def jurisdiction_names() -> dict[str, str]:
    """Return the names of all valid jurisdictions by code."""
    return subdivisions() | former_jurisdictions() | jurisdictions()


@cache
def jurisdiction_labels() -> dict[str, str]:
    """Return the names of all valid jurisdictions by code, those of former countries with a remark."""
    return jurisdiction_names() | {code: f"{name} (former)" for code, name in former_jurisdictions().items()}


@lru_cache(maxsize=4096)  # every write has some
def enclosing_jurisdictions(code: str) -> tuple[str, ...]:
    """Return the jurisdictions that `code` counts for: itself, and the country of a subdivision or of a longer code."""
    country = code[:2]
    is_within = "-" in code or (code in former_jurisdictions() and country in former_jurisdictions())
    return (code, country) if is_within and country != code else (code,)


@cache
def currencies() -> frozenset[str]:
    """Return the codes of the present currencies: ISO 4217, list one."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


@cache
def currency_names() -> dict[str, str]:
    """Return the names of all valid currencies by code, withdrawn ones with the year of their withdrawal."""
    withdrawn = {code: f"{name} (until {year})" for code, (name, year) in WITHDRAWN_CURRENCIES.items()}
    present = {currency.alpha_3: currency.name for currency in pycountry.currencies}
    return dict(sorted((withdrawn | present).items()))


@lru_cache(maxsize=1_000)  # most clients use a few tags
def is_language(tag: str) -> bool:
    """Return True for a BCP 47 tag with hyphens and registered subtags, such as `en` or `zh-Hant`.

    The registry keeps withdrawn subtags, so that they stay valid.
    """
    return "_" not in tag and langcodes.tag_is_valid(tag)
