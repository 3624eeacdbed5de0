"""The steps between a cell and a value: taken apart, looked up, converted, shortened. In the order in which they go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.mappings.codes import country_name, jurisdiction_of, number_of, slug_of
from service.mappings.context import Scope, Unfit, Value, in_order
from service.mappings.dates import Reader, reader_of
from service.mappings.lookup_tables import Table, table_of
from service.mappings.text_cleanup import addresses, shortened, without_markup
from service.mappings.toml_reader import Place

Apply = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Step:
    """What becomes of a value's texts. `gives` is everything that it can give, where that is known."""

    apply: Apply
    gives: frozenset[str] | None = None


#: How numbers are written, with the mark before the decimals.
NUMBERS = {"1,234.56": ".", "1.234,56": ","}

#: What `as` can make of a text, and the problem of one of which it cannot.
FORMS: dict[str, tuple[Callable[[str], str | None], str]] = {
    "jurisdiction": (jurisdiction_of, "is not a country or union that is known by this name or code."),
    "country name": (country_name, "is not a country or union that is known by this name or code."),
    "slug": (slug_of, ""),
    "lower case": (str.lower, ""),
}

#: Keys that say more of a step, by the step.
COMPANIONS = {"approximate": "date", "uncertain": "date", "times": "number"}


def stepped(value: Value, step: Step, place: Place) -> Value:
    """`value` after `step`. What its constants cannot become is noted at `place`."""
    before, apply, gives = value.texts, step.apply, step.gives
    if value.gives is not None:
        try:
            gives = frozenset(text for constant in value.gives for text in apply([constant]))
        except Unfit as error:
            place.refuse(f'"{error.text}" {error.problem}')
    return Value(lambda case: apply(before(case)), value.columns, gives)


def converting(form: str, unknown: str | None = None) -> Step:
    """The step that makes of each text what `form`, a key of FORMS, says."""
    convert, problem = FORMS[form]
    return Step(_each(convert, problem, unknown))


def plainly(convert: Callable[[str], str]) -> Step:
    """The step that converts each text by a function that can do so with any."""
    return Step(_each(convert))


def _html(place: Place, _: Place, __: Scope) -> Step | None:
    return Step(_each(without_markup)) if place.flag() else None


def _find(place: Place, _: Place, __: Scope) -> Step | None:
    place.one_of(("links",))
    return Step(lambda texts: in_order(found for text in texts for found in addresses(text)))


def _split(place: Place, _: Place, scope: Scope) -> Step | None:
    first, *others = [mark for mark in place.texts() if mark] or [","]
    is_nothing = scope.is_nothing
    if place.value == "":
        place.refuse("must be a text in quotes.")

    def split(texts: Sequence[str]) -> Sequence[str]:
        found = []
        for text in texts:
            for mark in others:
                text = text.replace(mark, first)  # noqa: PLW2901 (one mark after the other)
            parts = [part.strip() for part in text.split(first)]
            found += [part for part in parts if part and not is_nothing(part)]
        return found

    return Step(split)


def _replace(place: Place, _: Place, scope: Scope) -> Step | None:
    table = _table_at(place, scope)
    return Step(lambda texts: _looked_up(texts, table, keep=True)) if table else None


def _table(place: Place, around: Place, scope: Scope) -> Step | None:
    table, unknown = _table_at(place, scope), _unknown(around)
    if table is None:
        return None
    gives = table.gives | ({unknown} if unknown else frozenset())
    return Step(lambda texts: _looked_up(texts, table, unknown), gives)


def _table_at(place: Place, scope: Scope) -> Table | None:
    """The table written at `place`, or that named there."""
    if not isinstance(place.value, str):
        return table_of(place, "here")
    name = place.one_of(scope.tables)
    scope.tables_used.add(name)
    return scope.tables.get(name)


def _looked_up(texts: Sequence[str], table: Table, unknown: str | None = None, *, keep: bool = False) -> Sequence[str]:
    """What the table says for `texts`, in the order of its lines; what it does not know stands behind that."""
    found: list[tuple[int, str]] = []
    for text in texts:
        entry = table.find(text)
        if entry is not None:
            found += [(entry.line, said) for said in entry.texts]
        elif keep or unknown:
            found.append((len(table.gives) + 1, text if keep else str(unknown)))
        elif unknown is None:
            raise Unfit(text, f"is not in the table {table.name}." if table.name != "here" else "is not in the table.")
    if len(found) > 1 and not keep:
        found.sort(key=lambda one: one[0])
    return in_order(text for _, text in found)


def _date(place: Place, around: Place, _: Scope) -> Step | None:
    forms = [*place.texts()]
    readers = [reader for form in forms if (reader := _reader(place, form))]
    for key, qualifier in (("approximate", "~"), ("uncertain", "?")):
        if key in around:
            readers += [one for form in around.at(key).texts() if (one := _reader(around.at(key), form, qualifier))]

    def edtf(text: str) -> str | None:
        return next((found for read in readers if (found := read(text))), None)

    return Step(_each(edtf, f"is not a date written as {' or '.join(forms)}.", _unknown(around)))


def _reader(place: Place, form: str, qualifier: str = "") -> Reader | None:
    try:
        return reader_of(form, qualifier)
    except ValueError as error:
        place.refuse(str(error))
        return None


def _number(place: Place, around: Place, _: Scope) -> Step | None:
    form = place.one_of(NUMBERS)
    point = NUMBERS.get(form, ".")
    times = Decimal(around.at("times").whole_number()) if "times" in around else Decimal(1)
    problem = f"is not a number written as {form}."
    return Step(_each(lambda text: number_of(text, point, times), problem, _unknown(around)))


def _as(place: Place, around: Place, _: Scope) -> Step | None:
    form = place.one_of(FORMS)
    return converting(form, _unknown(around)) if form else None


def _cut(place: Place, _: Place, __: Scope) -> Step | None:
    most = place.whole_number(least=10)
    return Step(_each(lambda text: shortened(text, most)))


def _join(place: Place, _: Place, __: Scope) -> Step | None:
    mark = place.text()
    return Step(lambda texts: (mark.join(in_order(texts)),) if texts else ())


def _each(convert: Callable[[str], str | None], problem: str = "", unknown: str | None = None) -> Apply:
    """Convert each text. What cannot be is Unfit, or becomes `unknown`, or is left out where that is empty."""

    def apply(texts: Sequence[str]) -> Sequence[str]:
        found = []
        for text in texts:
            made = convert(text)
            if made is None and unknown is None:
                raise Unfit(text, problem)
            if made or (made is None and unknown):
                found.append(made or str(unknown))
        return found

    return apply


def _unknown(around: Place) -> str | None:
    """What `unknown` says beside a step, or None where it stands nowhere."""
    return around.at("unknown").text() if "unknown" in around else None


Read = Callable[[Place, Place, Scope], Step | None]

#: Every step by its key: from what stands there, and from the table around it. They go in this order.
STEPS: dict[str, Read] = {
    "html": _html,
    "find": _find,
    "split": _split,
    "replace": _replace,
    "table": _table,
    "date": _date,
    "number": _number,
    "as": _as,
    "cut": _cut,
    "join": _join,
}
