"""Codes kept by others: jurisdictions (ISO 3166-1), currencies (ISO 4217), languages (BCP 47)."""

from functools import cache, lru_cache

import langcodes
import pycountry

#: Two that policy needs and ISO 3166-1 does not assign; both codes are reserved or user-assigned there.
ADDED_JURISDICTIONS = {"EU": "European Union", "XK": "Kosovo"}

#: What people write for codes that pycountry cannot find by name.
_COMMON_MISTAKES = {"UK": "GB", "EL": "GR", "EUROPE": "EU", "EUR": "EU", "EUU": "EU", "XKX": "XK", "KOSOVO": "XK"}


@cache
def jurisdictions() -> dict[str, str]:
    """English name by code: ISO 3166-1 alpha-2, EU and XK."""
    names = {country.alpha_2: getattr(country, "common_name", country.name) for country in pycountry.countries}
    return dict(sorted((names | ADDED_JURISDICTIONS).items()))


@cache
def currencies() -> frozenset[str]:
    """Every ISO 4217 code."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


@lru_cache(maxsize=1000)  # of what clients write
def suggest_jurisdiction(text: str) -> str | None:
    """The code that `text` — an alpha-3 or lower-case code, a name, a common mistake — most likely means."""
    word = text.strip().upper()
    if word in jurisdictions():
        return word
    if word in _COMMON_MISTAKES:
        return _COMMON_MISTAKES[word]
    by_name = {name.upper(): code for code, name in ADDED_JURISDICTIONS.items()}
    if word in by_name:
        return by_name[word]
    try:
        return str(pycountry.countries.lookup(text.strip()).alpha_2)
    except LookupError:
        return None


@lru_cache(maxsize=1_000)  # of what clients write; most write a few
def is_language(tag: str) -> bool:
    """Whether `tag` is a BCP 47 tag in hyphens, such as `en` or `zh-Hant`, of registered subtags."""
    return "_" not in tag and langcodes.tag_is_valid(tag)
