"""Values and conditions as the mapping writes them, read."""

from collections.abc import Callable, Sequence

from schemas.edtf import EdtfError, bounds
from service.mappings.context import (
    EMPTY,
    Case,
    Condition,
    Scope,
    Texts,
    Unfit,
    Value,
    first_of,
    in_order,
    joined,
    rows_named,
)
from service.mappings.lookup_tables import matcher
from service.mappings.templates import TemplateError, template_of
from service.mappings.toml_reader import Place
from service.mappings.transforms import COMPANIONS, STEPS, stepped

_SOURCES = ("column", "text", "first_of", "from", "to")
#: The steps that look something up, and so may come upon what they do not know.
_LOOKING_UP = ("table", "date", "number", "as")
#: What may stand in a value that a condition or `each` is about.
SUBJECT_KEYS = (*_SOURCES, *STEPS, *COMPANIONS, "unknown", "rows")
VALUE_KEYS = (*SUBJECT_KEYS, "when", "otherwise")
TESTS = ("is", "is_not", "filled", "up_to")


def value_of(place: Place, scope: Scope) -> Value:
    """The value that stands at `place`: a text, which is a template, or a table that says how it is made."""
    if isinstance(place.value, str):
        return _template(place, scope)
    if not isinstance(place.value, dict):
        place.refuse('must be a text such as "{column}", or a table such as { column = "…", table = "…" }.')
        return EMPTY
    place.knows(VALUE_KEYS)
    return value_in(place, scope)


def values_of(place: Place, scope: Scope) -> Value:
    """The value of a list: one value, or several in [ ] whose texts stand behind each other."""
    if not isinstance(place.value, list):
        return value_of(place, scope)
    return joined([value_of(one, scope) for one in place.members()])


def value_in(place: Place, scope: Scope) -> Value:
    """The value in a table that may say other things, too, as `each` and conditions do."""
    value = _on_rows(_when(_source(place, scope), place, scope), place, scope)
    for name, read in STEPS.items():
        if name in place and (step := read(place.at(name), place, scope)):
            value = stepped(value, step, place)
    for key, name in COMPANIONS.items():
        if key in place and name not in place:
            place.at(key).refuse(f"says more of {name}, which does not stand here.")
    if "unknown" in place and not any(name in place for name in _LOOKING_UP):
        place.at("unknown").refuse(f"says more of {', '.join(_LOOKING_UP)}, none of which stands here.")
    if "otherwise" in place:
        value = first_of([value, value_of(place.at("otherwise"), scope)])
    return value


def condition_of(place: Place, scope: Scope) -> Condition:
    """The condition at `place`, or that all of several in [ ] hold."""
    conditions = [_condition(one, scope) for one in place.one_or_more()]
    holding = [condition.holds for condition in conditions]
    columns = in_order(column for condition in conditions for column in condition.columns)
    return Condition(lambda case: all(holds(case) for holds in holding), columns)


def _source(place: Place, scope: Scope) -> Value:
    said = [key for key in _SOURCES if key in place]
    if said in (["from"], ["to"], ["from", "to"]):
        return _interval(place, scope)
    if len(said) != 1:
        place.refuse("must say one of column, text and first_of, or from and to.")
        return EMPTY
    [key] = said
    if key == "column":
        return _column(place.at(key), scope)
    if key == "text":
        return _template(place.at(key), scope)
    return first_of([value_of(one, scope) for one in place.at(key).members()])


def _column(place: Place, scope: Scope) -> Value:
    name = place.text()
    return Value(_cell(name), scope.read([name], place), scope.gives(name))


def _template(place: Place, scope: Scope) -> Value:
    try:
        template = template_of(place.text())
    except TemplateError as error:
        place.refuse(str(error))
        return EMPTY
    columns = scope.read(template.columns, place)
    if not template.columns:
        constant = tuple(filter(None, [template.filled({})]))
        return Value(lambda _: constant, gives=frozenset(constant))
    if template.is_column:
        [name] = template.columns
        return Value(_cell(name), columns, scope.gives(name))
    fill = template.filled
    return Value(lambda case: (text,) if (text := fill(case.row)) else (), columns)


def _cell(column: str) -> Texts:
    return lambda case: (text,) if (text := case.row[column]) else ()


def _interval(place: Place, scope: Scope) -> Value:
    """From one date to another as EDTF: an end that is not known stays empty; one date twice is that date."""
    start = value_of(place.at("from"), scope) if "from" in place else EMPTY
    end = value_of(place.at("to"), scope) if "to" in place else EMPTY

    def texts(case: Case) -> Sequence[str]:
        first, last = "".join(start.texts(case)[:1]), "".join(end.texts(case)[:1])
        if first == last:
            return (first,) if first else ()
        return (f"{first}/{last}",)

    return Value(texts, in_order((*start.columns, *end.columns)))


def _when(value: Value, place: Place, scope: Scope) -> Value:
    if "when" not in place:
        return value
    condition = condition_of(place.at("when"), scope)
    texts, holds = value.texts, condition.holds
    columns = in_order((*value.columns, *condition.columns))
    return Value(lambda case: texts(case) if holds(case) else (), columns, value.gives)


def _on_rows(value: Value, place: Place, scope: Scope) -> Value:
    rows = rows_named(place, scope)
    if not rows:
        return value
    texts = value.texts
    return Value(lambda case: [text for one in case.on(rows) for text in texts(one)], value.columns, value.gives)


def _condition(place: Place, scope: Scope) -> Condition:
    place.knows((*SUBJECT_KEYS, *TESTS))
    subject = value_in(place, scope) if isinstance(place.value, dict) else EMPTY
    tests = [key for key in TESTS if key in place]
    if len(tests) != 1:
        place.refuse(f"must say one of: {', '.join(TESTS)}.")
        return Condition(lambda _: False, ())
    [key] = tests
    passes, columns = _TESTING[key](place.at(key), scope)
    texts = subject.texts
    return Condition(lambda case: passes(texts(case), case), in_order((*subject.columns, *columns)))


Passes = Callable[[Sequence[str], Case], bool]
Test = tuple[Passes, tuple[str, ...]]


def _is(place: Place, scope: Scope) -> Test:
    """Some text is one of those that stand at `place`; they may be templates."""
    words = values_of(place, scope)
    if words.gives is not None and not words.columns:
        matches = matcher(words.gives)
        return lambda texts, _: any(map(matches, texts)), ()
    return lambda texts, case: any(map(matcher(words.texts(case)), texts)), words.columns


def _is_not(place: Place, scope: Scope) -> Test:
    is_so, columns = _is(place, scope)
    return lambda texts, case: not is_so(texts, case), columns


def _filled(place: Place, _: Scope) -> Test:
    wanted = place.flag()
    return lambda texts, _: bool(texts) is wanted, ()


def _up_to(place: Place, scope: Scope) -> Test:
    """The date, if there is one, surely is not later than that which stands at `place`."""
    limit = value_of(place, scope)
    for constant in limit.gives or ():
        if not _is_date(constant):
            place.refuse(f'"{constant}" is not a date such as 2021, 2021-04 or 2021-04-01.')

    def passes(texts: Sequence[str], case: Case) -> bool:
        last = [_last_day(text) for text in limit.texts(case)]
        return bool(texts and last) and all(_last_day(text) <= last[0] for text in texts)

    return passes, limit.columns


def _last_day(text: str) -> str:
    """The last day that `text` can mean; one beyond all others where it is open."""
    try:
        latest = bounds(text).latest
    except EdtfError as error:
        raise Unfit(text, "is not a date such as 2021, 2021-04 or 2021-04-01.") from error
    return latest.isoformat() if latest else "9999-12-31"


def _is_date(text: str) -> bool:
    try:
        bounds(text)
    except EdtfError:
        return False
    return True


_TESTING: dict[str, Callable[[Place, Scope], Test]] = {
    "is": _is,
    "is_not": _is_not,
    "filled": _filled,
    "up_to": _up_to,
}
