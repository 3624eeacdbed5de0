"""Countries and numbers as trackers write them, and ids made of any text."""

import hashlib
import re
import unicodedata
from decimal import Context, Decimal
from functools import lru_cache

from schemas.codes import jurisdiction_names
from schemas.country_names import find_jurisdiction

#: Rounds no number that a record can hold: Python's own context rounds at 28 digits.
_EXACT = Context(prec=1_000)

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*")
_NOT_SLUG = re.compile(r"[^a-z0-9_]+")
#: What stands between the ends of a range of numbers.
_BETWEEN = re.compile(r"\s*(?:[-\u2010-\u2015]|\bto\b)\s*", re.IGNORECASE)
#: Characters of the digest in a slug that lost letters or its end.
_DIGEST_LENGTH = 12


def country_name(text: str) -> str | None:
    """Return the English name of the jurisdiction that `find_jurisdiction` finds, or None."""
    code = find_jurisdiction(text)
    return jurisdiction_names()[code] if code else None


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
    number = _EXACT.multiply(Decimal(plain.replace(other, "").replace(point, ".")), times)
    digits = f"{number:f}"
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) or "0"


def parse_range(text: str, point: str, times: Decimal) -> tuple[str, str] | None:
    """Return both ends of a range such as `10-15` or `10 to 15`, each as `parse_number` does; None where it is none."""
    for between in _BETWEEN.finditer(text):
        least, most = (parse_number(end, point, times) for end in (text[: between.start()], text[between.end() :]))
        if least is not None and most is not None and Decimal(least) <= Decimal(most):
            return least, most
    return None
