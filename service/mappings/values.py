"""Values and conditions of a mapping, compiled."""

from collections.abc import Callable, Sequence

from schemas.edtf import EdtfError, bounds
from service.mappings.context import (
    EMPTY,
    CellError,
    CompileScope,
    RowCondition,
    RowContext,
    Texts,
    Value,
    coalesce,
    concat,
    rows_word,
    unique,
)
from service.mappings.lookup_tables import matcher
from service.mappings.templates import TemplateError, parse_template
from service.mappings.toml_reader import TomlNode
from service.mappings.transforms import MODIFIERS, TRANSFORMS, with_transform

_SOURCES = ("column", "text", "first_of", "from", "to")
#: Transforms that may meet a text that they do not know.
_WITH_UNKNOWN = ("find", "table", "date", "number", "as")
#: Keys of a value in a condition or in `each`.
SUBJECT_KEYS = (*_SOURCES, *TRANSFORMS, *MODIFIERS, "unknown", "rows")
VALUE_KEYS = (*SUBJECT_KEYS, "when", "otherwise")
TESTS = ("is", "is_not", "filled", "up_to")


def compile_value(node: TomlNode, scope: CompileScope) -> Value:
    """Return the value at `node`: a text, which is a template, or a table."""
    if isinstance(node.value, str):
        return _template(node, scope)
    if not isinstance(node.value, dict):
        node.add_fault('must be a text such as "{column}", or a table such as { column = "…", table = "…" }.')
        return EMPTY
    node.check_keys(VALUE_KEYS)
    return compile_value_table(node, scope)


def compile_values(node: TomlNode, scope: CompileScope) -> Value:
    """Return the value of a list: one value, or several in [ ], which give their texts one after the other."""
    if not isinstance(node.value, list):
        return compile_value(node, scope)
    return concat([compile_value(one, scope) for one in node.members()])


def compile_value_table(node: TomlNode, scope: CompileScope) -> Value:
    """Return the value in a table that may have other keys as well, such as `each` and conditions."""
    value = _on_rows(_when(_source(node, scope), node, scope), node, scope)
    for name, compile_transform in TRANSFORMS.items():
        if name in node and (transform := compile_transform(node.at(name), node, scope)):
            value = with_transform(value, transform, node)
    for key, name in MODIFIERS.items():
        if key in node and name not in node:
            node.at(key).add_fault(f"needs {name} beside it.")
    if "unknown" in node and not any(name in node for name in _WITH_UNKNOWN):
        node.at("unknown").add_fault(f"needs one of {', '.join(_WITH_UNKNOWN)} beside it.")
    if "otherwise" in node:
        value = coalesce([value, compile_value(node.at("otherwise"), scope)])
    return value


def compile_condition(node: TomlNode, scope: CompileScope) -> RowCondition:
    """Return the condition at `node`, or the one that all of several in [ ] hold."""
    conditions = [_condition(one, scope) for one in node.one_or_more()]
    tests = [condition.holds for condition in conditions]
    columns = unique(column for condition in conditions for column in condition.columns)
    return RowCondition(lambda context: all(holds(context) for holds in tests), columns)


def _source(node: TomlNode, scope: CompileScope) -> Value:
    keys = [key for key in _SOURCES if key in node]
    if keys in (["from"], ["to"], ["from", "to"]):
        return _interval(node, scope)
    if len(keys) != 1:
        node.add_fault("needs one of column, text or first_of, or from and to.")
        return EMPTY
    [key] = keys
    if key == "column":
        return _column(node.at(key), scope)
    if key == "text":
        return _template(node.at(key), scope)
    return coalesce([compile_value(one, scope) for one in node.at(key).members()])


def _column(node: TomlNode, scope: CompileScope) -> Value:
    name = node.text()
    return Value(_cell(name), scope.use_columns([name], node), scope.possible_texts(name))


def _template(node: TomlNode, scope: CompileScope) -> Value:
    try:
        template = parse_template(node.text())
    except TemplateError as error:
        node.add_fault(str(error))
        return EMPTY
    columns = scope.use_columns(template.columns, node)
    if not template.columns:
        return Value.of_constant(tuple(filter(None, [template.render({})])))
    if template.is_column:
        [name] = template.columns
        return Value(_cell(name), columns, scope.possible_texts(name))
    render = template.render
    return Value(lambda context: (text,) if (text := render(context.row)) else (), columns)


def _cell(column: str) -> Texts:
    return lambda context: (text,) if (text := context.row[column]) else ()


def _interval(node: TomlNode, scope: CompileScope) -> Value:
    """Return the interval from one date to another in EDTF. Equal ends are one date; a missing end stays empty."""
    start = compile_value(node.at("from"), scope) if "from" in node else EMPTY
    end = compile_value(node.at("to"), scope) if "to" in node else EMPTY

    def texts(context: RowContext) -> Sequence[str]:
        first, last = "".join(start.texts(context)[:1]), "".join(end.texts(context)[:1])
        if first == last:
            return (first,) if first else ()
        return (f"{first}/{last}",)

    return Value(texts, unique((*start.columns, *end.columns)))


def _when(value: Value, node: TomlNode, scope: CompileScope) -> Value:
    if "when" not in node:
        return value
    condition = compile_condition(node.at("when"), scope)
    texts, holds = value.texts, condition.holds
    columns = unique((*value.columns, *condition.columns))
    return Value(lambda context: texts(context) if holds(context) else (), columns, value.possible_texts)


def _on_rows(value: Value, node: TomlNode, scope: CompileScope) -> Value:
    word = rows_word(node, scope)
    if not word:
        return value
    texts = value.texts
    return Value(
        lambda context: [text for one in context.for_rows(word) for text in texts(one)],
        value.columns,
        value.possible_texts,
    )


def _condition(node: TomlNode, scope: CompileScope) -> RowCondition:
    node.check_keys((*SUBJECT_KEYS, *TESTS))
    subject = compile_value_table(node, scope) if isinstance(node.value, dict) else EMPTY
    keys = [key for key in TESTS if key in node]
    if len(keys) != 1:
        node.add_fault(f"needs one of {', '.join(TESTS)}.")
        return RowCondition(lambda _: False, ())
    [key] = keys
    passes, columns = _COMPILE_TEST[key](node.at(key), scope)
    texts = subject.texts
    return RowCondition(lambda context: passes(texts(context), context), unique((*subject.columns, *columns)))


Passes = Callable[[Sequence[str], RowContext], bool]
#: A test of texts, and the columns that it reads.
Test = tuple[Passes, tuple[str, ...]]


def _is(node: TomlNode, scope: CompileScope) -> Test:
    """Return the test that some text is one of those at `node`, which may be templates."""
    words = compile_values(node, scope)
    if words.possible_texts is not None and not words.columns:
        matches = matcher(words.possible_texts)
        return lambda texts, _: any(map(matches, texts)), ()
    return lambda texts, context: any(map(matcher(words.texts(context)), texts)), words.columns


def _is_not(node: TomlNode, scope: CompileScope) -> Test:
    passes, columns = _is(node, scope)
    return lambda texts, context: not passes(texts, context), columns


def _filled(node: TomlNode, _: CompileScope) -> Test:
    filled = node.flag()
    return lambda texts, _: bool(texts) is filled, ()


def _up_to(node: TomlNode, scope: CompileScope) -> Test:
    """Return the test that there is a date, and that it is surely not later than the one at `node`."""
    limit = compile_value(node, scope)
    for constant in limit.possible_texts or ():
        if not _is_date(constant):
            node.add_fault(f'"{constant}" {_NOT_A_DATE}')

    def passes(texts: Sequence[str], context: RowContext) -> bool:
        last = [_last_day(text) for text in limit.texts(context)]
        return bool(texts and last) and all(_last_day(text) <= last[0] for text in texts)

    return passes, limit.columns


_NOT_A_DATE = "is not a date such as 2021, 2021-04 or 2021-04-01."


def _last_day(text: str) -> str:
    """Return the last day that `text` can mean; a day later than all others where it is open."""
    try:
        latest = bounds(text).latest
    except EdtfError as error:
        raise CellError(text, _NOT_A_DATE) from error
    return latest.isoformat() if latest else "9999-12-31"


def _is_date(text: str) -> bool:
    try:
        bounds(text)
    except EdtfError:
        return False
    return True


_COMPILE_TEST: dict[str, Callable[[TomlNode, CompileScope], Test]] = {
    "is": _is,
    "is_not": _is_not,
    "filled": _filled,
    "up_to": _up_to,
}
