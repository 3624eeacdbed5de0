"""Kinds of value in the record. Each loads to and dumps from the JSON value itself, so that a record is plain JSON."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from schemas.base import did_you_mean
from schemas.codes import currencies, is_language, jurisdictions, suggest_jurisdiction
from schemas.edtf import EdtfError, bounds
from schemas.vocabulary import Vocabulary

#: Control characters that XML feeds cannot carry and PostgreSQL or terminals stumble over; tab and newlines are fine.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

#: The same as JSON Schema says it: no control character, and one that is no white space.
_PLAIN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff"
_NOT_BLANK = rf"^[^{_PLAIN}]*[^{_PLAIN}\s][^{_PLAIN}]*$"

#: An id inside a record, a topic's id, a scheme: short, lower-case, safe in a URL.
SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"


def _optional(options: dict[str, Any]) -> dict[str, Any]:
    """A field that is not required is null when not given: unknown is null."""
    if not options.get("required") and "load_default" not in options:
        options |= {"load_default": None, "allow_none": True}
    return options


class Checked(fields.String):
    """A string that `problem_with(text)` finds nothing wrong with."""

    form: dict[str, Any] = {}  # noqa: RUF012 (each kind states its own)

    def __init__(self, **options: Any) -> None:
        """Options as any field's."""
        super().__init__(metadata=self.form | options.pop("metadata", {}), **_optional(options))

    def problem_with(self, text: str) -> str | None:
        """A sentence that says what is wrong with `text`, or None."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if problem := self.problem_with(text):
            raise ValidationError(problem)
        return text


class Text(Checked):
    """Text for people: not blank, no control characters, at most `most` characters."""

    def __init__(self, most: int, **options: Any) -> None:
        """`most`: the largest number of characters."""
        self.most = most
        self.form = {"pattern": _NOT_BLANK, "minLength": 1, "maxLength": most}
        super().__init__(**options)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if len(text) > self.most:
            return f"Must have at most {self.most} characters, has {len(text)}."
        if not text.isprintable() and (found := _CONTROL.search(text)):
            return f"Holds the control character U+{ord(found[0]):04X} at position {found.start()}."
        if not text or text.isspace():
            return "Must not be blank; leave it out or send null where it is unknown."
        return None


class Slug(Checked):
    """An id chosen by the client: lower-case letters, digits, dot, hyphen, underscore; 64 at most."""

    form = {"pattern": SLUG, "maxLength": 64}  # noqa: RUF012 (as Checked.form)
    _pattern = re.compile(SLUG.removesuffix("$") + r"\Z")

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if self._pattern.match(text):
            return None
        return "Must be 1 to 64 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit."


class Word(Checked):
    """A word of a closed vocabulary."""

    def __init__(self, vocabulary: type[Vocabulary], **options: Any) -> None:
        """`vocabulary`: the words that are valid."""
        self.vocabulary = vocabulary
        self._words = vocabulary.words()
        self._known = frozenset(self._words)
        meaning = "; ".join(f"`{member.value}`: {member.sentence}" for member in vocabulary)
        nullable = () if options.get("required") else (None,)
        super().__init__(metadata={"enum": [*self._words, *nullable], "description": meaning}, **options)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if text in self._known:
            return None
        return f"Must be one of: {', '.join(self._words)}.{did_you_mean(text, self._words)}"


class Edtf(Checked):
    """A date as far as it is known: EDTF level 0 and 1, seasons and quarters."""

    form = {"maxLength": 64, "examples": ["2024-04-01", "2024-04", "2024-33", "2024-04/.."]}  # noqa: RUF012 (as Checked.form)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        try:
            bounds(text)
        except EdtfError as error:
            return str(error)
        return None


class Jurisdiction(Checked):
    """ISO 3166-1 alpha-2 in capitals, or EU or XK."""

    form = {"pattern": "^[A-Z]{2}$", "minLength": 2, "maxLength": 2}  # noqa: RUF012 (as Checked.form)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if text in jurisdictions():
            return None
        meant = suggest_jurisdiction(text[:100])
        return "Must be an ISO 3166-1 alpha-2 code, EU or XK." + (f' Did you mean "{meant}"?' if meant else "")


class Currency(Checked):
    """An ISO 4217 code."""

    form = {"pattern": "^[A-Z]{3}$", "minLength": 3, "maxLength": 3}  # noqa: RUF012 (as Checked.form)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if text in currencies():
            return None
        meant = f' Did you mean "{text.upper()}"?' if text.upper() in currencies() else ""
        return f"Must be an ISO 4217 currency code.{meant}"


class Language(Checked):
    """A BCP 47 language tag."""

    form = {"pattern": "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$", "maxLength": 35, "examples": ["en", "zh-Hant"]}  # noqa: RUF012 (as Checked.form)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if text and len(text) <= self.form["maxLength"] and is_language(text):
            return None
        return 'Must be a BCP 47 language tag such as "en" or "zh-Hant".'


class Decimal(Checked):
    """An exact number, as text so that no reader rounds it: up to 30 digits before the point and 18 after."""

    form = {"pattern": r"^-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,18})?$"}  # noqa: RUF012 (as Checked.form)
    _wrong = 'Must be a decimal number as a string, such as "19.8", so that it stays exact.'
    default_error_messages = {"invalid": _wrong}  # noqa: RUF012 (marshmallow merges these by class)
    _pattern = re.compile(form["pattern"].removesuffix("$") + r"\Z")

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        return None if self._pattern.match(text) else self._wrong


class Link(Checked):
    """An address on the web: http or https with a host, no user name, 2,000 characters at most."""

    form = {"pattern": r"^https?://\S+$", "maxLength": 2000}  # noqa: RUF012 (as Checked.form)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if len(text) > self.form["maxLength"] or any(c.isspace() for c in text) or _CONTROL.search(text):
            return "Must be an http or https URL of at most 2,000 characters, without white space."
        try:
            parts = urlsplit(text)
            host = parts.hostname
            parts.port  # noqa: B018 (reading it is what checks it)
        except ValueError as error:
            return f"Must be a valid URL: {error}."
        if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
            return "Must be an http or https URL with a host and without a user name."
        return None


class Reference(Checked):
    """A URI of something outside: http, https, urn or doi."""

    form = {"pattern": r"^(https?://\S+|(urn|doi):[!-~]+)$", "maxLength": 2000}  # noqa: RUF012 (as Checked.form)
    _opaque = re.compile(r"(urn|doi):[!-~]+\Z")

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if text.startswith(("urn:", "doi:")):
            fits = len(text) <= self.form["maxLength"] and self._opaque.match(text)
            return None if fits else "Must be a URI of at most 2,000 visible ASCII characters."
        return Link().problem_with(text)


class Identifier(Checked):
    """A UUID in its canonical lower-case form."""

    form = {"format": "uuid"}  # noqa: RUF012 (as Checked.form)

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        try:
            canonical = str(UUID(text))
        except ValueError:
            return "Must be a UUID."
        return None if canonical == text else f'Must be a UUID in lower case with hyphens: "{canonical}".'


class Timestamp(Checked):
    """An instant, RFC 3339 in UTC with Z."""

    form = {"format": "date-time"}  # noqa: RUF012 (as Checked.form)
    _pattern = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z\Z")

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if self._pattern.match(text):
            try:
                bounds(text[:10])
            except EdtfError as error:
                return str(error)
            if text[11:13] < "24" and text[14:16] < "60" and text[17:19] < "60":
                return None
        return 'Must be an instant in UTC such as "2024-04-01T09:30:00Z".'


class FactRef(Checked):
    """A fact of the same record: a collection and an id (`figures/eu-2020`), or a field's name (`status`)."""

    form = {  # noqa: RUF012 (as Checked.form)
        "pattern": "^[a-z_]{1,15}(/[a-z0-9][a-z0-9._-]{0,63})?$",
        "maxLength": 80,
        "examples": ["figures/eu-2020", "dates/launch", "title"],
    }
    _pattern = re.compile(r"[a-z_]{1,15}(/[a-z0-9][a-z0-9._-]{0,63})?\Z")

    def problem_with(self, text: str) -> str | None:
        """See Checked."""
        if self._pattern.match(text):
            return None
        return 'Must name a fact of this record, such as "figures/eu-2020" or "title".'


class Listed(fields.List[Any]):
    """A list whose length is looked at before its members are."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, list):
            self._validate(value)
        return super()._deserialize(value, attr, data, **kwargs)


def several(of: fields.Field[Any], most: int, **options: Any) -> fields.List[Any]:
    """A list of at most `most`; an empty one when not given."""
    return Listed(of, validate=validate.Length(max=most), **({"load_default": list} | options))
