"""The filter language: the same names in a URL and in JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, missing, pre_load, validate, validates_schema

from schemas import vocabulary as words
from schemas.base import Flag, RequestSchema
from schemas.edtf import bounds
from schemas.fields import BoundedList, Currency, Edtf, Identifier, Jurisdiction, Link, Slug, Text, Word
from schemas.filter_values import BoundedDate, CommaSeparated, ExternalIdText, FoldedLanguage, Moment, Number, OneOrMore
from schemas.representation import Choice

#: The most conditions of one filter, and levels to which `all`, `any` and `not` can be nested.
MOST_CONDITIONS = 100
MOST_LEVELS = 8

#: The most web-search expressions of one filter, and words of several: each event is compared with all of them.
MOST_Q = 10
MOST_Q_WORDS = 200

#: The most characters of a web-search expression.
LONGEST_Q = 10_000

#: The prefix of a filter that excludes the events that it would select.
NOT = "not_"


@dataclass(frozen=True)
class SeveralValues:
    """A filter of values, any of which can match."""

    of: Callable[[], Any]
    description: str


@dataclass(frozen=True)
class SingleValue:
    """A filter of one value, built with the options of a field."""

    of: Callable[..., fields.Field[Any]]
    description: str


#: Filters that are conditions by themselves, and can be negated.
PLAIN: Mapping[str, SeveralValues] = {
    "event_type": SeveralValues(lambda: Word(words.EventType, required=True), "Kind of event."),
    "status": SeveralValues(lambda: Word(words.Status, required=True), "Status of the policy."),
    "verification": SeveralValues(lambda: Word(words.Verification, required=True), "How well the event is verified."),
    "party": SeveralValues(
        lambda: Jurisdiction(required=True), "Jurisdiction of a party. A country includes its subdivisions."
    ),
    "affected": SeveralValues(
        lambda: Jurisdiction(required=True),
        "Jurisdiction of a participant that is affected or the source of a dependency, with its subdivisions.",
    ),
    "jurisdiction": SeveralValues(
        lambda: Jurisdiction(required=True), "Jurisdiction of any participant. A country includes its subdivisions."
    ),
    "topic": SeveralValues(lambda: Slug(required=True), "Topic, including its narrower topics."),
    "tag": SeveralValues(lambda: Text(100, required=True), "Tag."),
    "instrument": SeveralValues(lambda: Word(words.Instrument, required=True), "Instrument of the policy."),
    "lang": SeveralValues(
        lambda: FoldedLanguage(required=True),
        "Language of title, summary and description; `zh` includes `zh-Hant`.",
    ),
    "source_publisher": SeveralValues(lambda: Text(300, required=True), "Publisher of a source, exactly as recorded."),
    "source_url": SeveralValues(
        lambda: Link(required=True),
        "URL of a source, in any spelling. Scheme, `www.`, trailing slash and tracking parameters are ignored.",
    ),
    "external_id": SeveralValues(
        lambda: ExternalIdText(required=True),
        "Id in another system as `scheme:value`; `scheme:*` matches any id of the scheme.",
    ),
    "related_to": SeveralValues(
        lambda: Identifier(required=True), "Id of an event that this one is related to, by a relation of any type."
    ),
}

#: Filters that together are a condition on one date, and are negated together.
DATE: Mapping[str, SeveralValues | SingleValue] = {
    "date": SeveralValues(
        lambda: Edtf(required=True),
        "Period of the main date, by which lists are sorted, as an EDTF date: `2024`, `2024-04`, `2024-33` (a quarter),"
        " `2024-04/2024-06`. With `date_kind`, any date of that kind matches instead.",
    ),
    "date_from": SingleValue(
        lambda **o: BoundedDate("earliest", **o), "Date on or after the first day of this EDTF date."
    ),
    "date_to": SingleValue(lambda **o: BoundedDate("latest", **o), "Date on or before the last day of this EDTF date."),
    "date_kind": SeveralValues(
        lambda: Word(words.DateKind, required=True),
        "Kind of date to compare. Without other date filters, events that have such a date match.",
    ),
    "date_match": SingleValue(
        lambda **o: Choice(("possibly", "certainly"), **o),
        "Match for dates that are known to the month or year only: `possibly` (the default) if the date can be in the"
        " period, `certainly` if it is in the period as a whole.",
    ),
}

#: Filters that together are a condition on one figure, and are negated together.
FIGURE: Mapping[str, SeveralValues | SingleValue] = {
    "figure_measure": SeveralValues(
        lambda: Word(words.Measure, required=True),
        "Measure of a figure. One figure must match all `figure_…` parameters.",
    ),
    "figure_currency": SeveralValues(lambda: Currency(required=True), "The figure's currency, ISO 4217."),
    "figure_unit": SeveralValues(lambda: Text(40, required=True), "The figure's unit, exactly as recorded."),
    "figure_min": SingleValue(
        Number, "Least value of the figure, which a range must reach; its comparator is ignored."
    ),
    "figure_max": SingleValue(Number, "Greatest value of the figure; a range must begin at it or below."),
}

#: Filters of the record itself.
RECORD: Mapping[str, SingleValue] = {
    "created_from": SingleValue(lambda **o: Moment("earliest", **o), "Recorded at or after this instant or day."),
    "created_to": SingleValue(lambda **o: Moment("latest", **o), "Recorded at or before this instant or day."),
    "updated_since": SingleValue(lambda **o: Moment("earliest", **o), "Last changed at or after this instant or day."),
    "updated_to": SingleValue(lambda **o: Moment("latest", **o), "Last changed at or before this instant or day."),
}

_Q = (
    'Words to find, as in a web search: `"quoted phrase"`, `OR`, `NOT`, `-without`, `prefix*`. All texts are searched:'
    " titles, names, summary, description, statements, quotes and more."
)


class ExpandQuerySchema(RequestSchema):
    """Whether the words of a filter are expanded."""

    expand = Flag(
        load_default=True,
        metadata={
            "description": "Find the synonyms of words, too: acronyms that events explain, other labels of topics, and"
            " terms of the operator. Words in quotes are not expanded."
        },
    )


class _Consistent(RequestSchema):
    """The consistency of the values of a filter."""

    @validates_schema
    def check_ranges(self, query: Mapping[str, Any], **_: Any) -> None:
        """Raise ValidationError if a range ends before it begins."""
        wrong = {}
        for prefix in ("", NOT):
            least, most = query.get(f"{prefix}figure_min"), query.get(f"{prefix}figure_max")
            if least is not None and most is not None and Decimal(least) > Decimal(most):
                wrong[f"{prefix}figure_max"] = [f"Must not be less than {prefix}figure_min."]
            first, last = query.get(f"{prefix}date_from"), query.get(f"{prefix}date_to")
            if first is not None and last is not None and bounds(first).earliest > bounds(last).latest:  # type: ignore[operator]  # BoundedDate has checked both
                wrong[f"{prefix}date_to"] = [f"Must not be before {prefix}date_from."]
        for since, until in (("created_from", "created_to"), ("updated_since", "updated_to")):
            if since in query and until in query and query[since] > query[until]:
                wrong[until] = [f"Must not be before {since}."]
        if wrong:
            raise ValidationError(wrong)


def _filter_fields(several: type[CommaSeparated | OneOrMore]) -> dict[str, Any]:
    """Return a field for each filter; `several` is the field of more than one value."""
    result: dict[str, Any] = {}
    for prefix in ("", NOT):
        for name, condition in {**PLAIN, **DATE, **FIGURE}.items():
            description = _negated(name) if prefix else condition.description
            result[prefix + name] = _field(condition, description, several)
    result |= {name: _field(condition, condition.description, several) for name, condition in RECORD.items()}
    return result | {"q": Text(LONGEST_Q, load_default=missing, metadata={"description": _Q})}


def _negated(name: str) -> str:
    for group in (DATE, FIGURE):
        if name in group:
            about = next(iter(group)).partition("_")[0]
            return f"As `{name}`, to exclude events with a {about} that matches all of `{NOT}{about}…`."
    return f"Exclude the events that `{name}` selects."


def _field(
    condition: SeveralValues | SingleValue, description: str, several: type[CommaSeparated | OneOrMore]
) -> fields.Field[Any]:
    metadata = {"description": description}
    if isinstance(condition, SeveralValues):
        return several(condition.of(), metadata=metadata)
    return condition.of(load_default=missing, metadata=metadata)


class FilterQuerySchema(_Consistent):
    """Filters of events: any value of a parameter, and all parameters."""

    class Meta:
        """The filters; other parameters are refused."""

        unknown = RAISE
        include: ClassVar[dict[str, fields.Field[Any]]] = _filter_fields(CommaSeparated)


class _Nested(_Consistent):
    """Filters as JSON, and their combinations."""

    #: A schema that contains itself cannot be compiled into loops: see fast_load.py.
    never_quick: ClassVar[bool] = True

    @pre_load
    def check_size(self, value: Any, **_: Any) -> Any:
        """Return the value unchanged, before its parts are loaded. ValidationError if it is too large."""
        if _levels(value) > MOST_LEVELS:
            raise ValidationError(f"Must not be nested more than {MOST_LEVELS} levels deep.")
        if (conditions := _conditions(value)) > MOST_CONDITIONS:
            raise ValidationError(f"Must have at most {MOST_CONDITIONS} conditions; this one has {conditions}.")
        if len(expressions := list(_expressions(value))) > MOST_Q:
            raise ValidationError(f"Must have `q` at most {MOST_Q} times; this one has it {len(expressions)} times.")
        if len(expressions) > 1 and (words := sum(_words(text) for text in expressions)) > MOST_Q_WORDS:
            raise ValidationError(f"Must have at most {MOST_Q_WORDS} words in all `q`; this one has {words}.")
        return value


_FILTERS = _filter_fields(OneOrMore)


def _parts(value: Any) -> list[Any]:
    """Return the filters that are nested in a value, whatever it is."""
    if not isinstance(value, Mapping):
        return []
    lists = [value[name] for name in ("all", "any") if isinstance(value.get(name), list)]
    return [*(part for several in lists for part in several), *([value["not"]] if "not" in value else [])]


def _levels(value: Any) -> int:
    """Return the depth of a filter, counted to one more than the most levels."""
    level, here = 1, _parts(value)
    while here and level <= MOST_LEVELS:
        level, here = level + 1, [part for one in here for part in _parts(one)]
    return level


def _conditions(value: Any) -> int:
    own = sum(name in _FILTERS for name in value) if isinstance(value, Mapping) else 0
    return own + sum(map(_conditions, _parts(value)))


def _expressions(value: Any) -> Iterator[str]:
    """Yield every web-search expression in a value."""
    if isinstance(value, Mapping) and isinstance(value.get("q"), str):
        yield value["q"]
    for part in _parts(value):
        yield from _expressions(part)


def _words(text: str) -> int:
    return sum(word not in ("OR", "AND") for word in text.split())


def _inner() -> Schema:
    return FilterSchema()


def _several(description: str) -> BoundedList:
    return BoundedList(
        fields.Nested(_inner), validate=validate.Length(1, MOST_CONDITIONS), metadata={"description": description}
    )


class FilterSchema(_Nested):
    """Filters of events as JSON: all members must match."""

    class Meta:
        """The filters and their combinations, whose names `all`, `any` and `not` no class can have."""

        unknown = RAISE
        include: ClassVar[dict[str, fields.Field[Any]]] = _FILTERS | {
            "all": _several("All of these match."),
            "any": _several("At least one of these matches."),
            "not": fields.Nested(_inner, metadata={"description": "This does not match."}),
        }


class FilterField(fields.Nested):
    """A filter as JSON, as a member of another schema."""

    def __init__(self, **options: Any) -> None:
        """Options as any field's."""
        super().__init__(_inner, **options)
