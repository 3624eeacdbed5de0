"""Fields of a record: the values that fill them, converted to the field's type and checked against it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from marshmallow import fields, validate

from schemas.base import CheckedString
from schemas.fields import FactRef, Jurisdiction, Language, Link, Slug, Text, Word
from service.mappings.codes import make_slug
from service.mappings.context import CellError, CompileScope, RowContext, Value, unique
from service.mappings.result import MappingError
from service.mappings.text_cleanup import in_one_line, in_paragraphs
from service.mappings.toml_reader import TomlNode
from service.mappings.transforms import conversion, conversion_by, with_transform
from service.mappings.values import compile_value, compile_values

#: Characters of a field up to which its text is put in one line; longer fields keep their lines.
_ONE_LINE = 500

#: Fields that identify or classify a part and carry no information of their own.
_LABELS = (Word, Slug, FactRef, Language)

#: In a list of references: every other entry of the list that it refers to.
ALL_OTHERS = "*"

#: Returns the field's value for a context, or None. Errors are added to the list.
Build = Callable[[RowContext, list[MappingError]], Any]


@dataclass(frozen=True)
class FieldMapping:
    """A field of a record, and the function that builds its value."""

    name: str
    required: bool
    columns: tuple[str, ...]
    build: Build
    node: TomlNode
    #: Every text that it can have, where that is known before any row is read.
    possible_texts: frozenset[str] | None = None
    #: The field carries information of its own. An id, or a word that is the same for every row, does not.
    is_informative: bool = False

    def columns_of(self, _: str) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return self.columns


def compile_text(name: str, field: CheckedString, node: TomlNode, scope: CompileScope) -> FieldMapping:
    """Return the mapping of a field with one text: the first text of the value."""
    value = _convert(compile_value(node, scope), field, node)
    check = _checker(value, field, node)
    texts, columns = value.texts, value.columns
    is_informative = value.possible_texts is None or not isinstance(field, _LABELS)
    if value.constant is not None:
        constant = next(iter(value.constant), None)
        return FieldMapping(
            name, field.required, columns, lambda _, __: constant, node, value.possible_texts, is_informative
        )

    def build(context: RowContext, errors: list[MappingError]) -> str | None:
        text: str | None = None
        try:
            all_texts = texts(context)
            if all_texts:
                text = all_texts[0]
                check(text)
        except CellError as error:
            errors.append(mapping_error(error, columns, node.path))
            return None
        return text

    return FieldMapping(name, field.required, columns, build, node, value.possible_texts, is_informative)


def compile_texts(name: str, field: fields.List[Any], node: TomlNode, scope: CompileScope) -> FieldMapping:
    """Return the mapping of a field with a list of texts: all texts of the value, each once."""
    inner = field.inner
    value = _convert(compile_values(node, scope), inner, node)
    check, limit = _checker(value, inner, node), max_members(field)
    too_many = f"gives more than {limit} texts."
    texts, columns = value.texts, value.columns

    def build(context: RowContext, errors: list[MappingError]) -> list[str] | None:
        try:
            members = unique(texts(context))
            for text in members:
                check(text)
        except CellError as error:
            errors.append(mapping_error(error, columns, node.path))
            return None
        if len(members) > limit:
            errors.append(mapping_error(CellError(None, too_many), columns, node.path))
        return list(members) or None

    return FieldMapping(name, field.required, columns, build, node, value.possible_texts)


def mapping_error(error: CellError, columns: tuple[str, ...], path: str) -> MappingError:
    """Return the error of a cell with its columns and the path in the mapping."""
    return MappingError(error.problem, ", ".join(columns) or None, error.text, path)


def max_members(field: fields.List[Any]) -> int:
    """Return the number of members that a list may have."""
    return next(check.max or 0 for check in field.validators if isinstance(check, validate.Length))


def _convert(value: Value, field: fields.Field[Any], node: TomlNode) -> Value:
    """Return `value` converted to the type of `field`, where there is only one way."""
    if isinstance(field, Jurisdiction):
        return with_transform(value, conversion("jurisdiction"), node)
    if isinstance(field, Slug) and value.possible_texts is None:
        return with_transform(value, conversion_by(make_slug), node)
    if isinstance(field, FactRef) and value.possible_texts is None:
        return with_transform(value, conversion_by(_fact_reference), node)
    if isinstance(field, Text):
        return with_transform(value, conversion_by(in_one_line if field.most <= _ONE_LINE else in_paragraphs), node)
    return value


def _fact_reference(text: str) -> str:
    collection, mark, id_ = text.partition("/")
    return f"{collection}/{make_slug(id_)}" if mark else text


def _checker(value: Value, field: fields.Field[Any], node: TomlNode) -> Callable[[str], None]:
    """Return a function that raises CellError for a text that is not valid in `field`.

    Where every possible text is known, all are checked at once, and the function does nothing.
    """
    problem_with = _problem_with(field)
    if value.possible_texts is None:

        def check(text: str) -> None:
            if problem := problem_with(text):
                raise CellError(text, problem)

        return check
    for constant in sorted(value.possible_texts - {ALL_OTHERS}):
        if problem := problem_with(constant):
            node.add_fault(f'"{constant}" is not valid here. {problem}')
    return lambda _: None


@cache
def _problem_with(field: fields.Field[Any]) -> Callable[[str], str | None]:
    """Return the function that returns the problem of a text in `field`, cached where texts recur."""
    if isinstance(field, Text):
        return _text_problem(field)
    if isinstance(field, CheckedString):
        return field.error_in if isinstance(field, Link) else lru_cache(maxsize=2048)(field.error_in)
    raise TypeError(field)


def _text_problem(field: Text) -> Callable[[str], str | None]:
    too_long = f"is longer than {field.most:,} characters."

    def problem(text: str) -> str | None:
        return too_long if len(text) > field.most else field.error_in(text)

    return problem
