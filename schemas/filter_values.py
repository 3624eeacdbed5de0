"""How the values of filters are written: joined by commas in an address, as strings and lists in JSON."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, time
from typing import Any

from marshmallow import ValidationError, fields

from schemas.base import CheckedString
from schemas.edtf import EdtfError, bounds
from schemas.fields import Decimal, Language, Slug, Text
from schemas.revisions import Instant

#: Values of one filter at most.
MOST_VALUES = 50

#: One value of several: a backslash takes a comma, or a backslash, as itself.
_ESCAPED = re.compile(r"\\([\\,])")
_BETWEEN = re.compile(r"((?:\\[\\,]|[^,])*)(?:,|\Z)", re.DOTALL)


def split(text: str) -> list[str]:
    r"""The values that commas separate. `\,` is a comma within one, `\\` a backslash; any other backslash is itself."""
    values, place = [], 0
    while True:
        found = _BETWEEN.match(text, place)
        assert found  # noqa: S101 (it matches nothing, too)
        values.append(_ESCAPED.sub(r"\1", found[1]))
        if found.end(1) == len(text):
            return values
        place = found.end()


def joined(values: Iterable[str]) -> str:
    """The text of which `split` makes `values`."""
    return ",".join(re.sub(r"[\\,]", r"\\\g<0>", value) for value in values)


class CommaSeparated(fields.Field[list[str]]):
    """Values joined by commas, any of which may match; 50 at most."""

    def __init__(self, of: CheckedString, **options: Any) -> None:
        """`of`: the field that each value must be."""
        self.of = of
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        if not isinstance(value, str):
            raise ValidationError("Must be given once; join several values with commas.")
        return _each(self.of, split(value))


class OneOrMore(fields.Field[list[str]]):
    """A value, or a list of values any of which may match; 50 at most. Loads to a list."""

    def __init__(self, of: CheckedString, **options: Any) -> None:
        """`of`: the field that each value must be."""
        self.of = of
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        values = value if isinstance(value, list) else [value]
        if not values:
            raise ValidationError("Must name at least one value.")
        return _each(self.of, values)


def _each(of: CheckedString, values: Iterable[Any]) -> list[str]:
    loaded = [of.deserialize(one) for one in values]
    distinct = list(dict.fromkeys(loaded))
    if len(distinct) > MOST_VALUES:
        raise ValidationError(f"At most {MOST_VALUES} values.")
    return distinct


class FoldedLanguage(Language):
    """A BCP 47 language tag, whose case says nothing. Loads to lower case."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).lower()


class ExternalIdText(CheckedString):
    """An external id as `scheme:value`, or every one of a scheme as `scheme:*`."""

    form = {"pattern": "^[a-z0-9][a-z0-9._-]{0,63}:.+$", "maxLength": 265, "examples": ["celex:32024R1252", "celex:*"]}  # noqa: RUF012 (as CheckedString.form)
    _scheme, _value = Slug(), Text(200)

    def error_in(self, text: str) -> str | None:
        """See CheckedString."""
        scheme, colon, value = text.partition(":")
        if not colon:
            return "Must be scheme:value, or scheme:* for every id of a scheme."
        return self._scheme.error_in(scheme) or self._value.error_in(value)


class Number(Decimal):
    """A decimal number; in JSON a number does as well as a string. Loads to the string."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = repr(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Day(CheckedString):
    """A date of EDTF, of which one end is meant. It must have that end."""

    form = {"maxLength": 64, "examples": ["2024-04-01", "2024-04", "2024"]}  # noqa: RUF012 (as CheckedString.form)

    def __init__(self, end: str, **options: Any) -> None:
        """`end`: `earliest` or `latest`."""
        self.end = end
        super().__init__(**options)

    def error_in(self, text: str) -> str | None:
        """See CheckedString."""
        try:
            found = bounds(text)
        except EdtfError as error:
            return str(error)
        return None if getattr(found, self.end) else "Must have an end on this side; leave the parameter out instead."


class Moment(fields.Field[str]):
    """An instant with its offset, or a date of EDTF for its first or last microsecond in UTC. Loads to the instant."""

    def __init__(self, end: str, **options: Any) -> None:
        """`end`: which one of a date is meant, `earliest` or `latest`."""
        self.end = end
        form = {"type": "string", "maxLength": 64, "examples": ["2024-04-01T09:30:00Z", "2024-04"]}
        super().__init__(**options | {"metadata": form | options.get("metadata", {})})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        with suppress(ValidationError):
            return _timestamp(Instant().deserialize(value))
        with suppress(EdtfError, ValidationError):
            if isinstance(value, str) and "T" not in value and (day := getattr(bounds(value), self.end)):
                clock = time.min if self.end == "earliest" else time.max
                return _timestamp(datetime.combine(day, clock, UTC))
        raise ValidationError('Must be an instant with its offset, such as "2024-04-01T09:30:00Z", or a date.')


def _timestamp(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
