"""The values of filters: separated by commas in a URL, strings and lists in JSON."""

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

#: The most values of one filter.
MOST_VALUES = 50

#: One of several values: a backslash escapes a comma or a backslash.
_ESCAPED = re.compile(r"\\([\\,])")
_BETWEEN = re.compile(r"((?:\\[\\,]|[^,])*)(?:,|\Z)", re.DOTALL)


def split_values(text: str) -> list[str]:
    r"""Return the values that commas separate. `\,` is a comma within one, `\\` a backslash; others are themselves."""
    values, place = [], 0
    while True:
        value = _BETWEEN.match(text, place)
        assert value  # noqa: S101 (it matches the empty text, too)
        values.append(_ESCAPED.sub(r"\1", value[1]))
        if value.end(1) == len(text):
            return values
        place = value.end()


def join_values(values: Iterable[str]) -> str:
    """Return the text that `split_values` splits into `values`."""
    return ",".join(re.sub(r"[\\,]", r"\\\g<0>", value) for value in values)


class CommaSeparated(fields.Field[list[str]]):
    """Values separated by commas, any of which can match; up to MOST_VALUES."""

    def __init__(self, of: CheckedString, **options: Any) -> None:
        """`of`: the field of each value."""
        self.of = of
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        if not isinstance(value, str):
            raise ValidationError("Give each parameter once; separate several values with commas.")
        return _each(self.of, split_values(value))


class OneOrMore(fields.Field[list[str]]):
    """A value, or a list of values, any of which can match; up to MOST_VALUES. Loads to a list."""

    def __init__(self, of: CheckedString, **options: Any) -> None:
        """`of`: the field of each value."""
        self.of = of
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        values = value if isinstance(value, list) else [value]
        if not values:
            raise ValidationError("Must have at least one value.")
        return _each(self.of, values)


def _each(of: CheckedString, values: Iterable[Any]) -> list[str]:
    loaded = [of.deserialize(one) for one in values]
    distinct = list(dict.fromkeys(loaded))
    if len(distinct) > MOST_VALUES:
        raise ValidationError(f"Must have at most {MOST_VALUES} values.")
    return distinct


class FoldedLanguage(Language):
    """A BCP 47 language tag in any case. Loads to lower case."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).lower()


class ExternalIdText(CheckedString):
    """An external id as `scheme:value`, or all ids of a scheme as `scheme:*`."""

    form = {"pattern": "^[a-z0-9][a-z0-9._-]{0,63}:.+$", "maxLength": 265, "examples": ["celex:32024R1252", "celex:*"]}  # noqa: RUF012 (as CheckedString.form)
    _scheme, _value = Slug(), Text(200)

    def error_in(self, text: str) -> str | None:
        """See CheckedString."""
        scheme, colon, value = text.partition(":")
        if not colon:
            return "Must be scheme:value, or scheme:* for all ids of a scheme."
        return self._scheme.error_in(scheme) or self._value.error_in(value)


class Number(Decimal):
    """A decimal number; in JSON a number or a string. Loads to the string."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = repr(value)
        return super()._deserialize(value, attr, data, **kwargs)


class BoundedDate(CheckedString):
    """An EDTF date of which one end counts. It must have that end."""

    form = {"maxLength": 64, "examples": ["2024-04-01", "2024-04", "2024"]}  # noqa: RUF012 (as CheckedString.form)

    def __init__(self, end: str, **options: Any) -> None:
        """`end`: `earliest` or `latest`."""
        self.end = end
        super().__init__(**options)

    def error_in(self, text: str) -> str | None:
        """See CheckedString."""
        try:
            limits = bounds(text)
        except EdtfError as error:
            return str(error)
        return None if getattr(limits, self.end) else "Must not be open on this side. Omit the parameter instead."


class Moment(fields.Field[str]):
    """An instant with an offset, or an EDTF date for its first or last microsecond in UTC. Loads to the instant."""

    def __init__(self, end: str, **options: Any) -> None:
        """`end`: the end of a date that counts, `earliest` or `latest`."""
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
        raise ValidationError('Must be an instant with an offset, such as "2024-04-01T09:30:00Z", or a date.')


def _timestamp(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
