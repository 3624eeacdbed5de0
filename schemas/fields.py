"""Field types of a record. Each loads to and dumps from the JSON value itself, so that a record is plain JSON."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import fields, validate

from schemas.base import CheckedString, did_you_mean
from schemas.blank import INVISIBLE, is_blank
from schemas.codes import currency_names, is_language, jurisdiction_names
from schemas.country_names import find_jurisdiction
from schemas.edtf import EdtfError, bounds
from schemas.vocabulary import Vocabulary
from schemas.web_address import AddressError, parse_address

#: Control characters that XML feeds cannot carry and PostgreSQL or terminals handle badly; tab and newlines are fine.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

_SPACE = re.compile(r"\s")

#: The same for JSON Schema: no control character, and at least one that can be seen.
_PLAIN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff"
_NOT_BLANK = rf"^[^{_PLAIN}]*[^{_PLAIN}\s{INVISIBLE}][^{_PLAIN}]*$"

#: The id of a part, a topic or a scheme: short, lower-case, safe in a URL.
SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class Text(CheckedString):
    """Text for people: not blank, no control characters, at most `most` characters."""

    keeps_stored = True

    def __init__(self, most: int, **options: Any) -> None:
        """`most`: the maximum number of characters."""
        self.most = most
        self.form = {"pattern": _NOT_BLANK, "minLength": 1, "maxLength": most}
        super().__init__(**options)

    def error_in(self, text: str) -> str | None:
        """Return a sentence about the first fault in `text`, or None."""
        if len(text) > self.most:
            return f"Must have at most {self.most} characters, has {len(text)}."
        if not text.isprintable() and (control := _CONTROL.search(text)):
            return f"Contains the control character U+{ord(control[0]):04X} at position {control.start()}."
        if is_blank(text):
            return "Must not be blank; leave it out or send null if it is unknown."
        return None


class PatternString(CheckedString):
    """A string that matches a regular expression."""

    pattern: ClassVar[re.Pattern[str]]
    #: The error of a string that does not match.
    mismatch: ClassVar[str]

    def error_in(self, text: str) -> str | None:
        """Return `mismatch`, or None if `text` matches."""
        return None if self.pattern.match(text) else self.mismatch


class Slug(PatternString):
    """An id that the client chooses: lower-case letters, digits, dot, hyphen, underscore; at most 64."""

    form = {"pattern": SLUG, "maxLength": 64}  # noqa: RUF012 (as CheckedString.form)
    pattern = re.compile(SLUG.removesuffix("$") + r"\Z")
    mismatch = "Must be 1 to 64 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit."


class Word(CheckedString):
    """A word of a closed vocabulary."""

    def __init__(self, vocabulary: type[Vocabulary], **options: Any) -> None:
        """`vocabulary`: the valid words."""
        self.vocabulary = vocabulary
        self._words = vocabulary.words()
        self._valid = frozenset(self._words)
        meaning = "; ".join(f"`{member.value}`: {member.sentence}" for member in vocabulary)
        nullable = () if options.get("required") else (None,)
        super().__init__(metadata={"enum": [*self._words, *nullable], "description": meaning}, **options)

    def error_in(self, text: str) -> str | None:
        """Return a sentence with the valid words and the nearest one, or None."""
        if text in self._valid:
            return None
        return f"Must be one of: {', '.join(self._words)}.{did_you_mean(text, self._words)}"


class Edtf(CheckedString):
    """A date as precise as it is known: EDTF levels 0 and 1, seasons and quarters."""

    form = {"maxLength": 64, "examples": ["2024-04-01", "2024-04", "2024-33", "2024-04/.."]}  # noqa: RUF012 (as CheckedString.form)

    def error_in(self, text: str) -> str | None:
        """Return the sentence of EdtfError, or None."""
        try:
            bounds(text)
        except EdtfError as error:
            return str(error)
        return None


class Jurisdiction(CheckedString):
    """A present or former country (ISO 3166-1 and 3166-3), a subdivision of one (ISO 3166-2), EU or XK."""

    form = {  # noqa: RUF012 (as CheckedString.form)
        "pattern": "^[A-Z]{2}([A-Z]{2}|-[A-Z0-9]{1,3})?$",
        "minLength": 2,
        "maxLength": 6,
        "examples": ["JP", "EU", "US-CA"],
    }
    keeps_stored = True

    def error_in(self, text: str) -> str | None:
        """Return a sentence with the code that `text` probably means, or None."""
        if text in jurisdiction_names():
            return None
        suggestion = find_jurisdiction(text[:100])
        hint = f' Did you mean "{suggestion}"?' if suggestion else ""
        return f"Must be an ISO 3166 code such as US or US-CA, EU or XK.{hint}"


class Currency(CheckedString):
    """An ISO 4217 code, of a present currency or of a withdrawn one."""

    form = {"pattern": "^[A-Z]{3}$", "minLength": 3, "maxLength": 3}  # noqa: RUF012 (as CheckedString.form)
    keeps_stored = True

    def error_in(self, text: str) -> str | None:
        """Return a sentence with the code in capitals if there is one, or None."""
        if text in currency_names():
            return None
        hint = f' Did you mean "{text.upper()}"?' if text.upper() in currency_names() else ""
        return f"Must be an ISO 4217 currency code.{hint}"


class Language(CheckedString):
    """A BCP 47 language tag."""

    form = {"pattern": "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$", "maxLength": 35, "examples": ["en", "zh-Hant"]}  # noqa: RUF012 (as CheckedString.form)
    keeps_stored = True

    def error_in(self, text: str) -> str | None:
        """Return a sentence with two examples, or None."""
        if text and len(text) <= self.form["maxLength"] and is_language(text):
            return None
        return 'Must be a BCP 47 language tag such as "en" or "zh-Hant".'


class Decimal(PatternString):
    """An exact number, as text so that no reader rounds it: up to 30 digits before the point and 18 after."""

    form = {"pattern": r"^-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,18})?$"}  # noqa: RUF012 (as CheckedString.form)
    pattern = re.compile(form["pattern"].removesuffix("$") + r"\Z")
    mismatch = 'Must be a decimal number as a string, such as "19.8", so that it stays exact.'
    default_error_messages = {"invalid": mismatch}  # noqa: RUF012 (marshmallow merges these by class)


class Link(CheckedString):
    """A web address that the URL standard accepts: http or https, no user name, at most 2,000 characters."""

    form = {"pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://\S+$", "maxLength": 2000}  # noqa: RUF012 (as CheckedString.form)
    keeps_stored = True

    def error_in(self, text: str) -> str | None:
        """Return a sentence about the first fault in `text`, or None."""
        if len(text) > self.form["maxLength"] or _SPACE.search(text) or _CONTROL.search(text):
            return "Must be an http or https URL of at most 2,000 characters, without white space."
        try:
            parse_address(text)
        except AddressError as error:
            return f"Must be an http or https URL: {error}."
        return None


class Reference(CheckedString):
    """A URI of something outside the service: http, https, urn or doi."""

    form = {"pattern": r"^([Hh][Tt][Tt][Pp][Ss]?://\S+|(urn|doi):[!-~]+)$", "maxLength": 2000}  # noqa: RUF012 (as CheckedString.form)
    keeps_stored = True
    _opaque = re.compile(r"(urn|doi):[!-~]+\Z")

    def error_in(self, text: str) -> str | None:
        """Return a sentence about the first fault in `text`, or None."""
        if text.startswith(("urn:", "doi:")):
            fits = len(text) <= self.form["maxLength"] and self._opaque.match(text)
            return None if fits else "Must be a URI of at most 2,000 visible ASCII characters."
        return Link().error_in(text)


class Identifier(CheckedString):
    """A UUID in its canonical lower-case form."""

    form = {"format": "uuid"}  # noqa: RUF012 (as CheckedString.form)

    def error_in(self, text: str) -> str | None:
        """Return a sentence with the canonical form of a valid UUID, or None."""
        try:
            canonical = str(UUID(text))
        except ValueError:
            return "Must be a UUID."
        return None if canonical == text else f'Must be a UUID in lower case with hyphens: "{canonical}".'


class Timestamp(CheckedString):
    """An instant, RFC 3339 in UTC with Z."""

    form = {"format": "date-time"}  # noqa: RUF012 (as CheckedString.form)
    mismatch = 'Must be an instant in UTC such as "2024-04-01T09:30:00Z".'
    _pattern = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z\Z")

    def error_in(self, text: str) -> str | None:
        """Return a sentence about the first fault in `text`, or None."""
        if self._pattern.match(text):
            try:
                bounds(text[:10])
            except EdtfError as error:
                return str(error)
            if text[11:13] < "24" and text[14:16] < "60" and text[17:19] < "60":
                return None
        return self.mismatch


class DayOrInstant(Timestamp):
    """A day, or an instant in UTC: what is known of a time that was often noted by the day."""

    form = {  # noqa: RUF012 (as CheckedString.form)
        "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z)?$",
        "examples": ["2024-04-04", "2024-04-04T09:30:00Z"],
    }
    mismatch = 'Must be a day such as "2024-04-01", or an instant in UTC such as "2024-04-01T09:30:00Z".'
    _day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")

    def error_in(self, text: str) -> str | None:
        """Return a sentence about the first fault in `text`, or None."""
        return super().error_in(f"{text}T00:00:00Z" if self._day.match(text) else text)


class FactRef(PatternString):
    """A fact of the same record: a collection and an id (`figures/eu-2020`), or the name of a field (`status`)."""

    form = {  # noqa: RUF012 (as CheckedString.form)
        "pattern": "^[a-z_]{1,15}(/[a-z0-9][a-z0-9._-]{0,63})?$",
        "maxLength": 80,
        "examples": ["figures/eu-2020", "dates/launch", "title"],
    }
    pattern = re.compile(r"[a-z_]{1,15}(/[a-z0-9][a-z0-9._-]{0,63})?\Z")
    mismatch = 'Must name a fact of this record, such as "figures/eu-2020" or "title".'


class BoundedList(fields.List[Any]):
    """A list whose length is checked before its members."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, list):
            self._validate(value)
        return super()._deserialize(value, attr, data, **kwargs)


def list_of(member: fields.Field[Any], most: int, **options: Any) -> fields.List[Any]:
    """Return a list field of at most `most` members; its default is an empty list."""
    return BoundedList(member, validate=validate.Length(max=most), **({"load_default": list} | options))
