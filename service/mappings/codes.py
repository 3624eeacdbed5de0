"""Countries and numbers as trackers write them, and ids made of any text."""

import hashlib
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from schemas.codes import jurisdictions, suggest_jurisdiction

#: Codes and names that trackers use beside those of ISO 3166-1.
_TRACKER_NAMES = {
    **dict.fromkeys(("EUE", "EU27", "EU28", "EU-27", "EU-28", "EUROPEAN UNION (27)", "EUROPEAN UNION (28)"), "EU"),
    **dict.fromkeys(("THE EUROPEAN UNION", "EUROPEAN UNION (27 COUNTRIES)", "EUROPEAN COMMUNITY"), "EU"),
    **dict.fromkeys(("UNK", "KSV", "KOS", "XKO", "REPUBLIC OF KOSOVO", "KOSOVO*"), "XK"),
    **dict.fromkeys(("USA", "U.S.", "U.S.A.", "US", "UNITED STATES OF AMERICA (THE)"), "US"),
    **dict.fromkeys(("GREAT BRITAIN", "BRITAIN"), "GB"),
    **dict.fromkeys(("SOUTH KOREA", "REPUBLIC OF KOREA", "KOREA, SOUTH", "KOREA (SOUTH)"), "KR"),
    **dict.fromkeys(("NORTH KOREA", "DEMOCRATIC PEOPLE'S REPUBLIC OF KOREA", "KOREA, NORTH", "DPRK"), "KP"),
    **dict.fromkeys(("RUSSIA",), "RU"),
    **dict.fromkeys(("IVORY COAST", "COTE D'IVOIRE", "CÔTE D’IVOIRE"), "CI"),  # noqa: RUF001 (as trackers write it)
    **dict.fromkeys(("CAPE VERDE",), "CV"),
    **dict.fromkeys(("SWAZILAND",), "SZ"),
    **dict.fromkeys(("BURMA",), "MM"),
    **dict.fromkeys(("EAST TIMOR", "TIMOR LESTE"), "TL"),
    **dict.fromkeys(("CZECH REPUBLIC", "THE CZECH REPUBLIC"), "CZ"),
    **dict.fromkeys(("MACEDONIA", "FYROM", "MACEDONIA, THE FORMER YUGOSLAV REPUBLIC OF"), "MK"),
    **dict.fromkeys(("LIBYAN ARAB JAMAHIRIYA",), "LY"),
    **dict.fromkeys(("TURKEY",), "TR"),
    **dict.fromkeys(("BRUNEI",), "BN"),
    **dict.fromkeys(("PALESTINE", "STATE OF PALESTINE", "WEST BANK AND GAZA", "OCCUPIED PALESTINIAN TERRITORY"), "PS"),
    **dict.fromkeys(("VATICAN", "VATICAN CITY", "HOLY SEE"), "VA"),
    **dict.fromkeys(("MACAU", "MACAO"), "MO"),
    **dict.fromkeys(("HONG KONG SAR", "HONG KONG (CHINA)"), "HK"),
    **dict.fromkeys(("MICRONESIA", "FEDERATED STATES OF MICRONESIA"), "FM"),
    **dict.fromkeys(("BAHAMAS, THE", "THE BAHAMAS"), "BS"),
    **dict.fromkeys(("GAMBIA, THE", "THE GAMBIA"), "GM"),
    **dict.fromkeys(("CONGO", "REPUBLIC OF THE CONGO", "REPUBLIC OF CONGO", "CONGO-BRAZZAVILLE"), "CG"),
    **dict.fromkeys(("DEMOCRATIC REPUBLIC OF CONGO", "DEMOCRATIC REPUBLIC OF THE CONGO", "CONGO-KINSHASA"), "CD"),
    **dict.fromkeys(("CONGO, THE DEMOCRATIC REPUBLIC OF THE", "DR CONGO", "DRC"), "CD"),
    **dict.fromkeys(("LAOS", "LAO PDR"), "LA"),
    **dict.fromkeys(("REPUBLIC OF TANZANIA",), "TZ"),
    **dict.fromkeys(("FALKLAND ISLANDS",), "FK"),
    **dict.fromkeys(("ST. KITTS AND NEVIS",), "KN"),
    **dict.fromkeys(("ST. LUCIA",), "LC"),
    **dict.fromkeys(("ST. VINCENT AND THE GRENADINES",), "VC"),
}

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*")
_NOT_SLUG = re.compile(r"[^a-z0-9_]+")
#: Characters of the digest in a slug that lost letters or its end.
_DIGEST_LENGTH = 12


@lru_cache(maxsize=4096)  # trackers repeat a few names
def find_jurisdiction(text: str) -> str | None:
    """Return the jurisdiction for a code of two or three letters or an English name, or None."""
    return _TRACKER_NAMES.get(text.upper()) or suggest_jurisdiction(text)


def country_name(text: str) -> str | None:
    """Return the English name of the jurisdiction that `find_jurisdiction` finds, or None."""
    code = find_jurisdiction(text)
    return jurisdictions()[code] if code else None


@lru_cache(maxsize=4096)  # a reference repeats the id of its target
def make_slug(text: str, max_length: int = 64) -> str:
    """Return an id for `text`, of a-z, 0-9, hyphen and underscore, with at most `max_length` characters.

    A valid id stays as it is. Where letters or the end are lost, a digest of the whole text keeps two texts from having
    the same id.
    """
    if len(text) <= max_length and _SLUG.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text)
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    slug = _NOT_SLUG.sub("-", ascii_only).strip("-_")
    lost = any(not character.isascii() and not unicodedata.combining(character) for character in plain)
    if slug and len(slug) <= max_length and not (lost and _has_other_letters(plain)):
        return slug
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{slug[: max_length - _DIGEST_LENGTH - 1].rstrip('-')}-{digest}" if slug else digest


def _has_other_letters(text: str) -> bool:
    """Return True if `text` has letters beyond ASCII, which a slug loses. Dashes and quotes do not count."""
    return any(not character.isascii() and character.isalnum() for character in text)


def parse_number(text: str, point: str, times: Decimal) -> str | None:
    """Return `text` as a record's number multiplied by `times`, or None where it is not a number.

    `point` is the decimal mark. Spaces, apostrophes and the other mark may separate thousands.
    """
    other = "." if point == "," else ","
    plain = re.sub(r"[\s'’]", "", text).replace("−", "-")  # noqa: RUF001 (as people write them)
    if not re.fullmatch(
        rf"[+-]?[0-9]{{1,3}}(?:{re.escape(other)}[0-9]{{3}})*(?:{re.escape(point)}[0-9]+)?", plain
    ) and (not re.fullmatch(rf"[+-]?[0-9]+(?:{re.escape(point)}[0-9]+)?", plain)):
        return None
    try:
        number = Decimal(plain.replace(other, "").replace(point, ".")) * times
    except InvalidOperation:
        return None
    digits = f"{number:f}"
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) or "0"
