"""Standard codes: jurisdictions (ISO 3166-1), currencies (ISO 4217), languages (BCP 47)."""

from functools import cache, lru_cache

import langcodes
import pycountry

#: Jurisdictions without an ISO 3166-1 code of their own; both codes are reserved or user-assigned there.
ADDED_JURISDICTIONS = {"EU": "European Union", "XK": "Kosovo"}

#: Common spellings that pycountry does not know.
_COMMON_MISTAKES = {"UK": "GB", "EL": "GR", "EUROPE": "EU", "EUR": "EU", "EUU": "EU", "XKX": "XK", "KOSOVO": "XK"}


@cache
def jurisdictions() -> dict[str, str]:
    """Return the English names by code: ISO 3166-1 alpha-2, EU and XK."""
    names = {country.alpha_2: getattr(country, "common_name", country.name) for country in pycountry.countries}
    return dict(sorted((names | ADDED_JURISDICTIONS).items()))


@cache
def currencies() -> frozenset[str]:
    """Return every ISO 4217 code."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


@lru_cache(maxsize=1000)  # clients repeat their mistakes
def suggest_jurisdiction(text: str) -> str | None:
    """Return the most likely code for `text`: an alpha-3 or lower-case code, a name, or a common mistake."""
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


@lru_cache(maxsize=1_000)  # most clients use a few tags
def is_language(tag: str) -> bool:
    """Return True for a BCP 47 tag with hyphens and registered subtags, such as `en` or `zh-Hant`."""
    return "_" not in tag and langcodes.tag_is_valid(tag)
