"""Fields of the record and what fills them: converted to what the field holds, and checked against it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from marshmallow import fields, validate

from schemas.base import CheckedString
from schemas.fields import FactRef, Jurisdiction, Language, Link, Slug, Text, Word
from service.mappings.codes import slug_of
from service.mappings.context import Case, Scope, Unfit, Value, in_order
from service.mappings.result import Reason
from service.mappings.text_cleanup import in_one_line, in_paragraphs
from service.mappings.toml_reader import Place
from service.mappings.transforms import converting, plainly, stepped
from service.mappings.values import value_of, values_of

#: Characters. Text of no more than this stands in one line; what may be longer keeps its lines.
_ONE_LINE = 500

#: Fields that tell parts apart and sort them, and say nothing by themselves.
_LABELS = (Word, Slug, FactRef, Language)

#: Stands in a list of references for every other entry of the list that they refer to.
ALL_OTHERS = "*"

Fill = Callable[[Case, list[Reason]], Any]


@dataclass(frozen=True)
class Filling:
    """A field of the record, and the function that fills it from a case, or gives None and notes why it cannot."""

    name: str
    required: bool
    columns: tuple[str, ...]
    fill: Fill
    place: Place
    #: All that can stand in it, where that is known before any row is read.
    gives: frozenset[str] | None = None
    #: Whether it says something of its own, as an id or a word of a vocabulary that is the same for every row does not.
    says: bool = False

    def columns_of(self, _: str) -> tuple[str, ...]:
        """The columns that it reads."""
        return self.columns


def text_filling(name: str, field: CheckedString, place: Place, scope: Scope) -> Filling:
    """What fills a field that holds one text: the first that the value gives."""
    value = _fitted(value_of(place, scope), field, place)
    check = _check(value, field, place)
    texts, columns = value.texts, value.columns

    def fill(case: Case, reasons: list[Reason]) -> str | None:
        text: str | None = None
        try:
            found = texts(case)
            if found:
                text = found[0]
                check(text)
        except Unfit as unfit:
            reasons.append(reason_of(unfit, columns, place.path))
            return None
        return text

    says = value.gives is None or not isinstance(field, _LABELS)
    return Filling(name, field.required, columns, fill, place, value.gives, says)


def texts_filling(name: str, field: fields.List[Any], place: Place, scope: Scope) -> Filling:
    """What fills a field that holds a list of texts: all that the value gives, each once."""
    inner = field.inner
    value = _fitted(values_of(place, scope), inner, place)
    check, most = _check(value, inner, place), most_of(field)
    too_many = f"gives more than the {most} that this field holds."
    texts, columns = value.texts, value.columns

    def fill(case: Case, reasons: list[Reason]) -> list[str] | None:
        try:
            found = in_order(texts(case))
            for text in found:
                check(text)
        except Unfit as unfit:
            reasons.append(reason_of(unfit, columns, place.path))
            return None
        if len(found) > most:
            reasons.append(reason_of(Unfit(None, too_many), columns, place.path))
        return list(found) or None

    return Filling(name, field.required, columns, fill, place, value.gives)


def reason_of(unfit: Unfit, columns: tuple[str, ...], path: str) -> Reason:
    """Why a row is refused."""
    return Reason(unfit.problem, ", ".join(columns) or None, unfit.text, path)


def most_of(field: fields.List[Any]) -> int:
    """How many members a list holds."""
    return next(check.max or 0 for check in field.validators if isinstance(check, validate.Length))


def _fitted(value: Value, field: fields.Field[Any], place: Place) -> Value:
    """`value` converted to what `field` holds, where there is only one way."""
    if isinstance(field, Jurisdiction):
        return stepped(value, converting("jurisdiction"), place)
    if isinstance(field, Slug) and value.gives is None:
        return stepped(value, plainly(slug_of), place)
    if isinstance(field, FactRef) and value.gives is None:
        return stepped(value, plainly(_fact), place)
    if isinstance(field, Text):
        return stepped(value, plainly(in_one_line if field.most <= _ONE_LINE else in_paragraphs), place)
    return value


def _fact(text: str) -> str:
    """A fact's reference with its id as ids are written."""
    collection, mark, id_ = text.partition("/")
    return f"{collection}/{slug_of(id_)}" if mark else text


def _check(value: Value, field: fields.Field[Any], place: Place) -> Callable[[str], None]:
    """What raises Unfit for a text that `field` does not hold. All that is known of `value` is checked here and now."""
    problem_with = _problem_with(field)
    if value.gives is None:

        def check(text: str) -> None:
            if problem := problem_with(text):
                raise Unfit(text, problem)

        return check
    for constant in sorted(value.gives - {ALL_OTHERS}):
        if problem := problem_with(constant):
            place.refuse(f'"{constant}" cannot stand here. {problem}')
    return lambda _: None


@cache
def _problem_with(field: fields.Field[Any]) -> Callable[[str], str | None]:
    """The function that says what is wrong with a text for `field`, if anything is; quick where texts come again."""
    if isinstance(field, Text):
        return _text_problem(field)
    if isinstance(field, CheckedString):
        return field.error_in if isinstance(field, Link) else lru_cache(maxsize=2048)(field.error_in)
    raise TypeError(field)


def _text_problem(field: Text) -> Callable[[str], str | None]:
    too_long = f"is longer than the {field.most:,} characters that this field holds."

    def problem(text: str) -> str | None:
        return too_long if len(text) > field.most else field.error_in(text)

    return problem
