"""The filter language: what selects events, the same words in an address and in JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, missing, pre_load, validate, validates_schema

from schemas import vocabulary as words
from schemas.base import RequestSchema
from schemas.edtf import bounds
from schemas.fields import BoundedList, Currency, Edtf, Identifier, Jurisdiction, Link, Slug, Text, Word
from schemas.filter_values import CommaSeparated, Day, ExternalIdText, FoldedLanguage, Moment, Number, OneOrMore
from schemas.representation import Choice

#: Conditions of one filter at most, and levels to which `all`, `any` and `not` may be nested.
MOST_CONDITIONS = 100
MOST_LEVELS = 8

#: Web-search expressions of one filter at most, and words of several: an event is compared with all of them.
MOST_Q = 10
MOST_Q_WORDS = 200

#: Characters of a web-search expression.
LONGEST_Q = 10_000

#: Before the name of a filter that is to leave out what it would select.
NOT = "not_"


@dataclass(frozen=True)
class Several:
    """A filter of values any of which may match."""

    of: Callable[[], Any]
    description: str


@dataclass(frozen=True)
class Single:
    """A filter of one value, made from the options of a field."""

    of: Callable[..., fields.Field[Any]]
    description: str


#: Filters that stand each for itself, and can be negated.
PLAIN: Mapping[str, Several] = {
    "event_type": Several(lambda: Word(words.EventType, required=True), "Kind of event."),
    "status": Several(lambda: Word(words.Status, required=True), "Where the policy stands."),
    "verification": Several(lambda: Word(words.Verification, required=True), "How well the event is known."),
    "party": Several(lambda: Jurisdiction(required=True), "Jurisdiction of a party."),
    "affected": Several(
        lambda: Jurisdiction(required=True),
        "Jurisdiction of a participant that is affected or a dependency's source.",
    ),
    "jurisdiction": Several(lambda: Jurisdiction(required=True), "Jurisdiction of any participant."),
    "topic": Several(lambda: Slug(required=True), "Topic, narrower ones taken along."),
    "tag": Several(lambda: Text(100, required=True), "Tag."),
    "instrument": Several(lambda: Word(words.Instrument, required=True), "By what means the policy works."),
    "lang": Several(
        lambda: FoldedLanguage(required=True),
        "Language of title, summary and description; `zh` takes `zh-Hant` along.",
    ),
    "source_publisher": Several(lambda: Text(300, required=True), "Publisher of a source, as the record writes it."),
    "source_url": Several(
        lambda: Link(required=True),
        "Address of a source. Scheme, `www.`, fragment, a last slash and tracking parameters do not count.",
    ),
    "external_id": Several(
        lambda: ExternalIdText(required=True), "Id in another system as `scheme:value`; `scheme:*` for any of a scheme."
    ),
    "related_to": Several(
        lambda: Identifier(required=True), "Id of an event that this one names among its relations, whatever the type."
    ),
}

#: Filters that together describe one date, and can be negated together.
DATE: Mapping[str, Several | Single] = {
    "date": Several(
        lambda: Edtf(required=True),
        "When it was or will be, as an EDTF date: `2024`, `2024-04`, `2024-33` (a quarter), `2024-04/2024-06`. Compared"
        " is the event's main date, by which lists are sorted, or with `date_kind` any date of that kind.",
    ),
    "date_from": Single(lambda **o: Day("earliest", **o), "Not before the first day of this EDTF date."),
    "date_to": Single(lambda **o: Day("latest", **o), "Not after the last day of this EDTF date."),
    "date_kind": Several(
        lambda: Word(words.DateKind, required=True),
        "What happened on the date. Without another parameter: that such a date is known.",
    ),
    "date_match": Single(
        lambda **o: Choice(("possibly", "certainly"), **o),
        "Dates are known to the day, month, year …: `possibly` (when not given) finds those that may lie in the period,"
        " `certainly` those that lie in it as a whole.",
    ),
}

#: Filters that together describe one figure, and can be negated together.
FIGURE: Mapping[str, Several | Single] = {
    "figure_measure": Several(
        lambda: Word(words.Measure, required=True),
        "What a figure measures. All `figure_…` parameters are asked of one and the same figure.",
    ),
    "figure_currency": Several(lambda: Currency(required=True), "The figure's currency, ISO 4217."),
    "figure_unit": Several(lambda: Text(40, required=True), "The figure's unit, as the record writes it."),
    "figure_min": Single(Number, "The figure's value is this or more; its comparator is not considered."),
    "figure_max": Single(Number, "The figure's value is this or less."),
}

#: Filters of the record itself.
RECORD: Mapping[str, Single] = {
    "created_from": Single(lambda **o: Moment("earliest", **o), "Recorded at this instant or day, or later."),
    "created_to": Single(lambda **o: Moment("latest", **o), "Recorded at this instant or day, or earlier."),
    "updated_since": Single(lambda **o: Moment("earliest", **o), "Last changed at this instant or day, or later."),
    "updated_to": Single(lambda **o: Moment("latest", **o), "Last changed at this instant or day, or earlier."),
}

_Q = (
    'Words to find, as in a web search: `"quoted phrase"`, `OR`, `-without`, `prefix*`. Titles, names, summary,'
    " description, statements, quotes and what else is text."
)


class _Consistent(RequestSchema):
    """What must hold between the values of a filter."""

    @validates_schema
    def check_ranges(self, asked: Mapping[str, Any], **_: Any) -> None:
        """A range begins before it ends."""
        wrong = {}
        for prefix in ("", NOT):
            least, most = asked.get(f"{prefix}figure_min"), asked.get(f"{prefix}figure_max")
            if least is not None and most is not None and Decimal(least) > Decimal(most):
                wrong[f"{prefix}figure_max"] = [f"Must not be less than {prefix}figure_min."]
            first, last = asked.get(f"{prefix}date_from"), asked.get(f"{prefix}date_to")
            if first is not None and last is not None and bounds(first).earliest > bounds(last).latest:  # type: ignore[operator]  # Day has made sure of both
                wrong[f"{prefix}date_to"] = [f"Must not lie before {prefix}date_from."]
        for since, until in (("created_from", "created_to"), ("updated_since", "updated_to")):
            if since in asked and until in asked and asked[since] > asked[until]:
                wrong[until] = [f"Must not lie before {since}."]
        if wrong:
            raise ValidationError(wrong)


def _described(several: type[CommaSeparated | OneOrMore]) -> dict[str, Any]:
    """Every filter as a field; `several` is how more than one value is written."""
    described: dict[str, Any] = {}
    for prefix in ("", NOT):
        for name, asked in {**PLAIN, **DATE, **FIGURE}.items():
            said = _negated(name) if prefix else asked.description
            described[prefix + name] = _field(asked, said, several)
    described |= {name: _field(asked, asked.description, several) for name, asked in RECORD.items()}
    return described | {"q": Text(LONGEST_Q, load_default=missing, metadata={"description": _Q})}


def _negated(name: str) -> str:
    for group in (DATE, FIGURE):
        if name in group:
            about = next(iter(group)).partition("_")[0]
            return f"As `{name}`, of what to leave out: events with a {about} that fits all of `{NOT}{about}…`."
    return f"Leave out what `{name}` would select."


def _field(asked: Several | Single, description: str, several: type[CommaSeparated | OneOrMore]) -> fields.Field[Any]:
    metadata = {"description": description}
    if isinstance(asked, Several):
        return several(asked.of(), metadata=metadata)
    return asked.of(load_default=missing, metadata=metadata)


class FilterQuerySchema(_Consistent):
    """Which events. Commas mean any of; several parameters, all of."""

    class Meta:
        """The filters; nothing else is let pass."""

        unknown = RAISE
        include: ClassVar[dict[str, fields.Field[Any]]] = _described(CommaSeparated)


class _Nested(_Consistent):
    """Filters as JSON, and how they are joined."""

    #: What may hold itself cannot be compiled into loops: see quickload.py.
    never_quick: ClassVar[bool] = True

    @pre_load
    def check_size(self, sent: Any, **_: Any) -> Any:
        """What is asked is neither deeper nor longer than can be answered; looked at before its parts are."""
        if _levels(sent) > MOST_LEVELS:
            raise ValidationError(f"Must not be nested more than {MOST_LEVELS} levels deep.")
        if (conditions := _conditions(sent)) > MOST_CONDITIONS:
            raise ValidationError(f"Must hold at most {MOST_CONDITIONS} conditions, holds {conditions}.")
        if len(expressions := list(_expressions(sent))) > MOST_Q:
            raise ValidationError(f"Must hold `q` at most {MOST_Q} times, holds it {len(expressions)} times.")
        if len(expressions) > 1 and (said := sum(_words(text) for text in expressions)) > MOST_Q_WORDS:
            raise ValidationError(f"Must hold at most {MOST_Q_WORDS} words where there are several `q`, holds {said}.")
        return sent


_FILTERS = _described(OneOrMore)


def _parts(sent: Any) -> list[Any]:
    """What is nested in `sent`, whatever was sent."""
    if not isinstance(sent, Mapping):
        return []
    lists = [sent[name] for name in ("all", "any") if isinstance(sent.get(name), list)]
    return [*(part for found in lists for part in found), *([sent["not"]] if "not" in sent else [])]


def _levels(sent: Any) -> int:
    """How deep the filter is nested; it is looked into no deeper than it may be."""
    level, here = 1, _parts(sent)
    while here and level <= MOST_LEVELS:
        level, here = level + 1, [part for one in here for part in _parts(one)]
    return level


def _conditions(sent: Any) -> int:
    own = sum(name in _FILTERS for name in sent) if isinstance(sent, Mapping) else 0
    return own + sum(map(_conditions, _parts(sent)))


def _expressions(sent: Any) -> Iterator[str]:
    """Every web-search expression in `sent`."""
    if isinstance(sent, Mapping) and isinstance(sent.get("q"), str):
        yield sent["q"]
    for part in _parts(sent):
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
    """Which events, as JSON: all that is said must hold."""

    class Meta:
        """The filters, and how they are joined: `all`, `any` and `not` are no names that a class should have."""

        unknown = RAISE
        include: ClassVar[dict[str, fields.Field[Any]]] = _FILTERS | {
            "all": _several("Each of these holds."),
            "any": _several("At least one of these holds."),
            "not": fields.Nested(_inner, metadata={"description": "This does not hold."}),
        }


class FilterField(fields.Nested):
    """A filter as JSON, as part of something else."""

    def __init__(self, **options: Any) -> None:
        """Options as any field's."""
        super().__init__(_inner, **options)
