"""Standard codes: jurisdictions (ISO 3166-1), currencies (ISO 4217), languages (BCP 47)."""

from functools import cache, lru_cache

import langcodes
import pycountry

#: Jurisdictions without an ISO 3166-1 code of their own; both codes are reserved or user-assigned there.
ADDED_JURISDICTIONS = {"EU": "European Union", "XK": "Kosovo"}


@cache
def jurisdictions() -> dict[str, str]:
    """Return the English names by code: ISO 3166-1 alpha-2, EU and XK."""
    names = {country.alpha_2: getattr(country, "common_name", country.name) for country in pycountry.countries}
    return dict(sorted((names | ADDED_JURISDICTIONS).items()))


@cache
def currencies() -> frozenset[str]:
    """Return every ISO 4217 code."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


@lru_cache(maxsize=1_000)  # most clients use a few tags
def is_language(tag: str) -> bool:
    """Return True for a BCP 47 tag with hyphens and registered subtags, such as `en` or `zh-Hant`."""
    return "_" not in tag and langcodes.tag_is_valid(tag)
